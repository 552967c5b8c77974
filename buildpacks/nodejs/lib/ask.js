// Answers bin/build's questions about package.json and node_modules/ of the present directory.
'use strict';
const fs = require('fs');
const path = require('path');

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));

function complain(text) {
  console.error(`nodejs: ${text}`);
  process.exitCode = 1;
}

// npm has the only judge of ranges that is there wherever npm is.
function semver() {
  const directories = [path.join(path.dirname(process.execPath), '..', 'lib/node_modules/npm/node_modules'),
    '/usr/lib/node_modules/npm/node_modules', '/usr/share/nodejs', '/usr/share/nodejs/npm/node_modules'];
  for (const directory of directories) {
    try {
      return require(path.join(directory, 'semver'));
    } catch {
      // Not there.
    }
  }
  return null;
}

function engines(project) {
  const wanted = (project.engines || {}).node;
  if (typeof wanted !== 'string') return;
  const judge = semver();
  if (judge === null) {
    console.log(`nodejs: "engines" wants node ${wanted}; without npm that is not checked`);
  } else if (!judge.validRange(wanted)) {
    complain(`"engines" in package.json wants node '${wanted}', which is no range of versions`);
  } else if (!judge.satisfies(process.versions.node, wanted)) {
    complain(`"engines" in package.json wants node ${wanted}, and this is ${process.versions.node}`);
  }
}

// Every package below, also of packages within packages; links lead to what is listed where it lies.
function installed(directory, found) {
  let names = [];
  try {
    names = fs.readdirSync(directory, {withFileTypes: true});
  } catch {
    return found;
  }
  for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory()) continue;
    const below = path.join(directory, entry.name);
    const manifest = path.join(below, 'package.json');
    if (path.basename(directory) === 'node_modules' || path.basename(directory).startsWith('@')) {
      if (fs.existsSync(manifest)) {
        const {name, version} = read(manifest);
        if (name && version) found.push(`npm\t${name}\t${version}`);
      }
    }
    if (entry.name.startsWith('@') || entry.name === '.pnpm') installed(below, found);
    installed(path.join(below, 'node_modules'), found);
  }
  return found;
}

const ofTheShell = new Set(('. : alias bg bind break builtin caller case cd command compgen complete compopt continue coproc ' +
  'declare dirs disown do done elif else enable esac eval exec exit export fc fg fi for function getopts hash help history if ' +
  'jobs let local logout mapfile popd pushd read readarray readonly return select set shift shopt source suspend then time ' +
  'times trap type typeset ulimit umask unalias unset until wait while').split(' '));

// A single command takes the place of the shell, so that it gets signals itself.
function web(project) {
  const start = (project.scripts || {}).start;
  if (start) {
    const simple = /^[\w./@-]+( [\w./@:=,-]+)*$/.test(start) && !ofTheShell.has(start.split(' ')[0]);
    return `PATH="$PWD/node_modules/.bin:$PATH"; ${simple ? 'exec ' : ''}${start}`;
  }
  const main = ['server.js', project.main, 'index.js', 'app.js'].find((file) => file && fs.existsSync(file));
  return main ? `exec node ${main}` : '';
}

const [question, name] = process.argv.slice(2);
let project = {};
try {
  project = read('package.json');
  if (project === null || typeof project !== 'object' || Array.isArray(project)) throw new Error('it is not an object');
} catch (error) {
  complain(`package.json: ${error.message}`);
  process.exit(1);
}

const count = (table) => Object.keys(table || {}).length;
const answers = {
  valid: () => undefined,
  engines: () => engines(project),
  dependencies: () => console.log(count(project.dependencies) + count(project.devDependencies) +
                                  count(project.optionalDependencies)),
  script: () => console.log((project.scripts || {})[name] || ''),
  web: () => console.log(web(project)),
  installed: () => installed('node_modules', []).forEach((line) => console.log(line)),
};
answers[question]();
