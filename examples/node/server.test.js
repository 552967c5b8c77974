// npm test
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const {written} = require('prices');
const {stamped} = require('stamp');

test('prices have two places', () => assert.strictEqual(written(1250), '12.50'));
test('another content is another name', () => assert.notStrictEqual(stamped('a.css', 'x'), stamped('a.css', 'y')));
