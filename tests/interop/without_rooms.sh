#!/usr/bin/env bash
# A project with buildpacks on a machine that makes no build rooms: built at the path of production where that is free,
# beside it where it is not.
#
#   without_rooms.sh BAKE RELEASE WITHOUT       the paths of the programs, and of tests/support/without
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
without=$(realpath "${3:?"give the path of the program without"}")

"$without" unshare -- true || {
  echo "system calls cannot be filtered here"
  exit 77
}
scratch=$(mktemp -d)
scratch=$(realpath "$scratch")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
production=$scratch/srv/shop

fail() {
  printf 'without_rooms.sh: %s\n' "$1" >&2
  cat log >&2
  exit 1
}
require() { # WHAT COMMAND...
  local what=$1
  shift
  "$@" || fail "$what"
}
cook() { "$without" unshare -- "$bake" ./source --root staging --no-apply --as "$1" --sequence 1 >log 2>&1; }

mkdir -p source/pack/bin
printf 'api = "0.10"\n[buildpack]\nid = "test/where"\nversion = "1"\n' >source/pack/buildpack.toml
printf '#!/bin/sh\n' | tee source/pack/bin/detect source/pack/bin/build >/dev/null
printf 'pwd -P >where\n' >>source/pack/bin/build
chmod +x source/pack/bin/*
printf 'name: shop\nroot: %s\nbuildpacks: [./pack]\n' "$production" >source/bake.yaml
"$bake" key new shop.key --no-password >log 2>&1 || fail "bake key new"
"$bake" init shop --root staging --key shop.key >log 2>&1 || fail "bake init"
"$release" trust add shop.pub --root staging >log 2>&1 || fail "release trust add"

cook 1 || fail "it is not built where the path is free"
require "nothing says that it sees this machine" grep -q 'the build sees this whole machine' log
"$release" show staging/releases/shop-1.tar.zst --root staging >log 2>&1 || fail "release show"
require "the release is not bound to its path" grep -q "at $production/run" log
require "the build did not stand there" [ "$(tar -xOf staging/releases/shop-1.tar.zst --zstd where 2>log)" = "$production/run" ]
require "directories are left" [ ! -e "$scratch/srv" ]
require "the tree is not where the next bake looks for it" [ -f staging/build/where ]

# A build that fails leaves nothing there either.
printf 'exit 3\n' >>source/pack/bin/build
if cook 2; then fail "a build that failed is a release"; fi
require "a failed build stays" [ ! -e "$scratch/srv" ]
require "a failed build does not come back" [ -f staging/build/bake.yaml ]
sed -i '/^exit 3$/d' source/pack/bin/build

mkdir -p "$production/run"
: >"$production/run/somebody"
if cook 3; then fail "the path of the build directory travels"; fi
require "it is not said what is in the way" grep -q "'$production/run' is there already" log
require "it is not said which file" grep -q '^ *where$' log
require "what was there was touched" [ "$(ls "$production/run")" = somebody ]

rm -rf "$production"
mkdir -p "$production/.bakehouse"
if cook 4; then fail "it is built in a root"; fi
require "it is not said which root" grep -q "'$production/.bakehouse' is there already" log
require "a root was built in" [ ! -e "$production/run" ]

# A layer of a build that was elsewhere does not travel unnoticed.
rm -rf "$production"
cat >source/pack/bin/build <<'BUILD'
#!/bin/sh
[ -d "$1/cached" ] || { mkdir "$1/cached" && pwd -P >"$1/cached/where"; }
printf '[types]\nlaunch = true\ncache = true\n' >"$1/cached.toml"
BUILD
mkdir -p "$production/run"
if cook 5; then fail "the path of the build directory travels in a layer"; fi
rm -rf "$production"
if cook 6; then fail "the path of the build directory travels in a cached layer"; fi
require "it is not said which layer" grep -q 'cached/where' log

# A path that leads elsewhere is not the one that programs see.
rm -rf staging/.bakehouse/cache srv
mkdir real
ln -s real srv
if cook 7; then fail "the path behind a link travels"; fi
require "it is not said where it leads" grep -q "leads to '$scratch/real/shop/run'" log

echo "built at its path where that is free, and nowhere else"
