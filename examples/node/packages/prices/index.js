'use strict';

// 1250 -> "12.50"
exports.written = (cents) => (cents / 100).toFixed(2);
