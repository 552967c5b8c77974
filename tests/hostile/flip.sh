#!/usr/bin/env bash
# An archive with a flipped byte is refused by the real programs, and the node stays as it was.
#
#   flip.sh BAKE RELEASE [SEED]     the paths of the programs; SEED chooses other positions
#
# Every position of an archive is tried in tests/unit/artifact; here it is 200, and a whole node.
# Exit status: 0 all refused, 1 not.
set -euo pipefail
umask 022

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
seed=${3:-20240501}
attempts=200

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'flip.sh: %s\n' "$1" >&2
  [[ ! -s said ]] || sed 's/^/  | /' said >&2
  exit 1
}

# cook PROJECT VERSION TIME: bakes ./source as a release of that project.
cook() {
  printf 'name: %s\n' "$1" >source/bake.yaml
  printf '<h1>version %s</h1>\n' "$2" >source/index.html
  SOURCE_DATE_EPOCH=$3 "$bake" ./source --root "$1-staging" --key shop.key --as "$2" --no-apply --quiet
}

# apply ARCHIVE: its exit status in $status, what it printed in ./said.
apply() {
  status=0
  "$release" apply "$1" --root production >said 2>&1 || status=$?
}

# What must not change: every path with its inode, type, mode and times, and the content of every file.
# (The time of deploy/ itself tells of a directory that came and went.)
node_state() {
  find production/run production/deploy -mindepth 1 -printf '%p %i %y %m %T@ %C@ %l\n' | sort
  stat -c '%n %i %f' production/run production/deploy
  find production/run production/deploy -type f -exec sha256sum {} + | sort
}

# What is deployed, whatever the deployment is called.
deployed_tree() {
  (
    cd production/deploy/current
    find . -printf '%p %y %m %l\n' | sort
    find . -type f -printf '%p %T@\n' | sort
    find . -type f -exec sha256sum {} + | sort
  )
}

restore() {
  rm -rf production
  cp -a saved production
  node_state >before
}

# u32 FILE OFFSET: the little-endian number there.
u32() {
  od -An -tu4 --endian=little -j "$2" -N 4 "$1" | tr -d ' '
}

# flip ARCHIVE POSITION MASK: into ./flipped.tar.zst
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  cp "$1" flipped.tar.zst
  # shellcheck disable=SC2059 # the byte is the format
  printf "$(printf '\\x%02x' $((byte ^ $3)))" |
    dd of=flipped.tar.zst bs=1 seek="$2" conv=notrunc status=none
}

refused() { # WHAT
  [[ $status == 3 || $status == 4 ]] || fail "$1: exit status $status, not 3 or 4"
  node_state >after
  cmp -s before after || fail "$1: it was refused, but run/ or deploy/ changed: $(diff before after | head -5)"
}

identical() { # WHAT
  [[ $status == 0 ]] || fail "$1: exit status $status, not 0"
  deployed_tree >tree
  cmp -s expected tree || fail "$1: another tree was deployed: $(diff expected tree | head -5)"
  restore
}

mkdir -p source/assets
printf 'web: exec sleep 60\n' >source/Procfile
printf 'body { color: black }\n' >source/assets/style.css
cp source/assets/style.css source/assets/copy.css
ln -s style.css source/assets/main.css
"$bake" key new shop.key --no-password >said
"$bake" key new other.key --no-password >said
for project in shop forum; do "$bake" init "$project" --root "$project-staging" >said; done
cook shop 1 1700000000
cook shop 2 1700000001
cook forum 2 1700000001
archive=shop-staging/releases/shop-2.tar.zst

"$release" init shop --root production >said
"$release" trust add shop.pub --root production >said
# The root is copied and put back: no supervisor may live in it.
printf 'services: {driver: none}\n' >production/node.yaml
apply shop-staging/releases/shop-1.tar.zst
[[ $status == 0 ]] || fail "version 1 is not applied"
cp -a production saved
apply "$archive"
[[ $status == 0 ]] || fail "version 2 is not applied"
deployed_tree >expected
grep -q 'assets/main.css l 777' expected || fail "the tree does not hold what this test put there"
restore

size=$(stat -c %s "$archive")
# The seek table ends with its number of frames, a flag and a magic.
seek_entries=$((size - 9 - 8 * $(u32 "$archive" $((size - 9)))))
((seek_entries > 0 && seek_entries < size)) || fail "this is no archive as we know them"

# judge POSITION MASK
judge() {
  flip "$archive" "$1" "$2"
  apply flipped.tar.zst
  local what="byte $1 ^ $2"
  if (($1 >= seek_entries)); then
    identical "$what (in the seek table)"
    accepted=$((accepted + 1))
  else
    refused "$what"
  fi
}

echo "$attempts positions of $size bytes, seed $seed (seek table from $seek_entries)"
RANDOM=$seed
accepted=0
for ((i = 0; i < attempts; ++i)); do
  judge $(((RANDOM * 32768 + RANDOM) % size)) $((1 + RANDOM % 255))
done
judge "$seek_entries" 255
judge $((size - 1)) 255
echo "$((attempts + 2 - accepted)) were refused, $accepted gave the identical tree"
((accepted < attempts / 4)) || fail "too many were accepted"

echo "an archive that is cut, or longer than it was, is refused"
head -c $((size / 2)) "$archive" >flipped.tar.zst
apply flipped.tar.zst
refused "half an archive"
(cat "$archive"; printf 'x') >flipped.tar.zst
apply flipped.tar.zst
refused "an archive and a byte"

echo "a release of another project is refused"
apply forum-staging/releases/forum-2.tar.zst
refused "another project"
[[ $status == 4 ]] || fail "another project: exit status $status, not 4"

echo "a release signed by an unknown key is refused"
rm -rf shop-staging/releases/*
mv other.key shop.key
cook shop 2 1700000001
apply "$archive"
refused "an unknown key"
[[ $status == 4 ]] || fail "an unknown key: exit status $status, not 4"

echo "and the intact archive of a known key is still accepted"
"$release" trust add other.pub --root production >said
apply "$archive"
[[ $status == 0 ]] || fail "version 2 is not applied"
