# shellcheck shell=bash
# The classic buildpacks of languages of test-real-buildpacks, which reads this after those of real-classic-buildpacks.bash.
#
# Each wants archives from the network: a compiler, an interpreter. Here a small buildpack before it hands over those of
# this machine, in the ways that a buildpack has: the cache that all share, a variable in `export`.
#
# The variables are those of the script, and of its other parts; what stands in '...' is for other shells:
# shellcheck disable=SC2154,SC2034,SC2016

# write_pack NAME COMPILE: a buildpack of our own at ./packs/NAME, outside of the source.
write_pack() {
  write_program "packs/$1/bin/detect" "echo $1"
  write_program "packs/$1/bin/compile" "set -e
$2"
}

# What a process of the release prints, whose files are in ./unpacked from here on.
launched() { # PROCESS
  rm -rf unpacked
  mkdir unpacked
  tar --zstd -C unpacked -xf staging/releases/shop-1.tar.zst
  "$build/src/launch/launch" unpacked "$1"
}

does_not_say() { # TEXT: the last command did not
  grep -qF -- "$1" output || return 0
  fail "it says '$1'"
  return 1
}

# A repository of packages, as a directory that a line of an Aptfile names.
write_repository() { # DIRECTORY
  mkdir -p "$1" package/DEBIAN
  printf 'Package: bakehouse-oven\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: made by a test\n' \
    >package/DEBIAN/control
  write_program package/usr/bin/oven 'echo warm'
  dpkg-deb --build --root-owner-group -Zgzip package "$1/bakehouse-oven_1.0_all.deb" >/dev/null
  (
    cd "$1" || exit
    dpkg-deb --field ./*.deb
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n' ./*.deb "$(stat -c %s ./*.deb)" "$(sha256sum ./*.deb | cut -d ' ' -f 1)"
  ) >Packages
  mv Packages "$1/"
}

# It reads /etc/apt/sources.list, which not every Debian 12 has: these bakes see an empty one.
cook_with_sources() {
  try unshare --mount --propagation private sh -c 'mount --bind "$1" /etc/apt && shift && exec bake "$@"' \
    - "$PWD/apt" ./source --root staging --no-apply "$@"
}

# The cache is for all, and what a build that fails did to it is gone.
classic_packages() {
  begin_classic H7-apt-packages
  cp -R /etc/apt apt
  rm -rf apt/sources.list.d/*
  : >apt/sources.list
  write_repository source/repository
  printf ':repo:deb [trusted=yes] copy:%s/staging/run/repository ./\nbakehouse-oven\n' "$PWD" >source/Aptfile
  echo 'web: oven' >source/Procfile
  name_classic "$checkouts/heroku-buildpack-apt"
  cook_with_sources
  expect_status 0 && says 'flushing cache' && says 'Installing bakehouse-oven_1.0_all.deb' || return 0
  expect 'what web prints' "$(launched web)" warm || return 0
  cook_with_sources --as 2
  expect_status 0 && says 'Reusing cache' || return 0
  write_pack failing 'rm -r "$2/apt" "$2/.apt"; exit 9'
  name_classic "$checkouts/heroku-buildpack-apt" "$PWD/packs/failing"
  cook_with_sources --as 3
  expect_status 5 || return 0
  name_classic "$checkouts/heroku-buildpack-apt"
  cook_with_sources --as 4
  expect_status 0 && says 'Reusing cache' || return 0
  pass
}

# What one buildpack puts into the cache is there for the next, and in the build after that. The compiled packages are not
# looked for: the buildpack asks `go env | grep -q` under pipefail, and where grep is the quicker one it keeps none.
classic_go() {
  begin_classic H9-go
  local version place
  version=$(go env GOVERSION)
  place="\$2/.heroku/go/$version"
  write_pack compiler "[ -d \"$place\" ] || { echo 'this is new'; mkdir -p \"$place\"; ln -s '$(go env GOROOT)' \"$place/go\"; }"
  mkdir source/words
  printf 'module example.org/hello\n' >source/go.mod
  printf 'package words\n\nfunc Hello() string { return "hello" }\n' >source/words/words.go
  printf 'package main\n\nimport "example.org/hello/words"\n\nfunc main() { println(words.Hello()) }\n' >source/main.go
  settings="build: {env: {GOVERSION: $version}}"
  name_classic "$PWD/packs/compiler" "$checkouts/heroku-buildpack-go"
  cook --offline
  expect_status 0 && says 'this is new' && says "Using $version" && says 'example.org/hello/words' || return 0
  # The buildpack writes a Procfile where there is none.
  expect 'the processes' "$(processes)" 'web* bin/hello' || return 0
  expect 'what web prints' "$(launched web 2>&1)" hello || return 0
  cook --as 2 --offline
  expect_status 0 && says "Using $version" && does_not_say 'this is new' || return 0
  pass
}

# The interpreter with npm, packed as the buildpack expects to download it.
write_node_pack() {
  local modules
  modules=$(npm root --global)
  mkdir -p node/bin node/lib/node_modules packs/node
  cp "$(command -v node)" node/bin/
  cp -R "$modules/npm" node/lib/node_modules/
  ln -s ../lib/node_modules/npm/bin/npm-cli.js node/bin/npm
  tar -c node | gzip -1 >packs/node/node.tar.gz
  write_pack node 'echo "export NODE_BINARY_URL=file://$PWD/node.tar.gz" >export'
}

classic_nodejs() {
  begin_classic H10-nodejs
  write_node_pack
  mkdir source/crumbs
  echo '{"name": "crumbs", "version": "1.0.0"}' >source/crumbs/package.json
  echo 'module.exports = "crumbs";' >source/crumbs/index.js
  cat >source/package.json <<'JSON'
{"name": "shop", "version": "1.0.0", "dependencies": {"crumbs": "file:crumbs"},
 "scripts": {"build": "echo built >built", "start": "node -p \"require('crumbs') + ' in ' + process.env.NODE_ENV\""}}
JSON
  (cd source && npm install --no-update-notifier --silent --offline --package-lock-only)
  name_classic "$PWD/packs/node" "$checkouts/heroku-buildpack-nodejs"
  cook --offline
  expect_status 0 && says 'Downloading and installing node from' && archived built || return 0
  expect 'the processes' "$(processes)" 'web* npm start' || return 0
  expect 'what web prints' "$(launched web | tail -n 1)" 'crumbs in production' || return 0
  cook --as 2 --offline
  expect_status 0 && says 'Restoring cache' || return 0
  pass
}

# It downloads by curl, of which the buildpack before exports one that has the archive already.
write_python_pack() { # VERSION
  local pip
  pip=$(cat "$checkouts/heroku-buildpack-python/requirements/pip.txt")
  write_pack python 'echo "export PATH=$PWD/bin:\$PATH" >export'
  write_program packs/python/bin/curl 'exec cat "$(dirname "$0")/../python.tar.zst"'
  "$project/tools/stand_in_python.py" packs/python/python.tar.zst "$pip" setuptools==70.3.0 crumbs==1.0
}

classic_python_whole() {
  begin_classic H11-python
  if ! write_python_pack 2>python.log; then
    skip "$name" "$(tail -n 1 python.log)"
    return 0
  fi
  echo 'crumbs==1.0' >source/requirements.txt
  python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' >source/.python-version
  echo 'web: python shop.py' >source/Procfile
  echo 'import crumbs; print(crumbs.TEXT)' >source/shop.py
  settings='build: {app-path: /app}'
  name_classic "$PWD/packs/python" "$checkouts/heroku-buildpack-python"
  cook --offline
  expect_status 0 && says 'Successfully installed crumbs-1.0' || return 0
  # What was built to stand at /app starts where that leads to it, which no test does to its machine.
  launched web >output 2>&1 || true
  if [[ ! -e /app ]]; then says "ln -s $PWD/unpacked /app" || return 0; fi
  expect 'what the program prints' "$(cd unpacked && PYTHONHOME=.heroku/python .heroku/python/bin/python shop.py)" 'crumbs 1.0' || return 0
  cook --as 2 --offline
  expect_status 0 && says 'Restoring cache' && says 'Requirement already satisfied: crumbs' || return 0
  pass
}

language_cases() {
  if have H7-apt-packages heroku-buildpack-apt; then
    if ((EUID == 0)); then classic_packages; else skip H7-apt-packages 'only root gives a bake another /etc/apt'; fi
  fi
  if have H9-go heroku-buildpack-go; then
    if command -v go >/dev/null; then classic_go; else skip H9-go 'no Go compiler'; fi
  fi
  if have H10-nodejs heroku-buildpack-nodejs; then
    if command -v npm >/dev/null; then classic_nodejs; else skip H10-nodejs 'no npm'; fi
  fi
  if have H11-python heroku-buildpack-python; then classic_python_whole; fi
}
