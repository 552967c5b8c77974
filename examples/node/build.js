// npm run build: the style sheet under a name of its content, and the page that asks for it.
'use strict';
const fs = require('fs');
const {stamped} = require('stamp');

const style = fs.readFileSync('assets/style.css');
const name = stamped('style.css', style);
fs.mkdirSync('dist', {recursive: true});
fs.writeFileSync(`dist/${name}`, style);
fs.writeFileSync('dist/page.html', fs.readFileSync('assets/page.html', 'utf8').replace('style.css', name));
console.log(`dist/page.html asks for ${name}`);
