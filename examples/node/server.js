// The menu of the day as a page and as JSON. It listens on 127.0.0.1, behind a web server.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const {written} = require('prices');

const {version} = require('./package.json');
const menu = require('./menu.json');
const page = fs.readFileSync('dist/page.html', 'utf8');

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const row = ({name, cents}) => `<tr><td>${escaped(name)}<td>${written(cents)}`;

const answers = {
  '/': () => ['text/html; charset=utf-8', page.replace('{{rows}}', () => menu.map(row).join('\n'))],
  '/menu.json': () => ['application/json', JSON.stringify(menu)],
  '/health': () => ['text/plain', `ok ${version}\n`],
};
for (const file of fs.readdirSync('dist').filter((name) => name.endsWith('.css'))) {
  answers[`/${file}`] = () => ['text/css', fs.readFileSync(path.join('dist', file))];
}

const server = http.createServer((request, response) => {
  const answer = answers[request.url.split('?')[0]];
  if (!answer || !Object.hasOwn(answers, request.url.split('?')[0])) {
    response.writeHead(404).end('There is no such page.\n');
    return;
  }
  const [type, body] = answer();
  response.writeHead(200, {'content-type': type}).end(body);
});
server.listen(Number(process.env.PORT || 8080), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
