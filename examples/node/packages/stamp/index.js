'use strict';
const {createHash} = require('crypto');
const path = require('path');

// style.css -> style.3f2a91c0.css
exports.stamped = (file, content) => {
  const {name, ext} = path.parse(file);
  return `${name}.${createHash('sha256').update(content).digest('hex').slice(0, 8)}${ext}`;
};
