#!/usr/bin/env bash
# A build cut off, or failing, wherever it touches the disk: the next build gets a layer back whole or not at all, and
# ends with the same tree as one that was never disturbed.
#
#   cache.sh BUILDPACK_TOOL [--full]     a sample; --full: every call of the main thread
#
# Links are made by several threads at once, and the main thread makes some of them only when it comes to that: the
# more processors, the fewer.
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tool=$(realpath "${1:?"give the path of the program buildpack_tool"}")
step=$(if [[ ${2-} == --full ]]; then echo 1; else echo 25; fi)
describe=$(dirname "$tool")/describe_tree
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/crash/faults.bash
. "$here/faults.bash"

skip() {
  echo "$1"
  exit 77
}
command -v strace >/dev/null || skip "strace is not installed"
strace -qq -o /dev/null true 2>/dev/null || skip "this machine does not let a process trace another"

export LC_ALL=C
if [[ -z ${TMPDIR-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
require_faults

fail() {
  printf 'cache.sh: %s: %s\n' "$where" "$1" >&2
  tail -n 20 run.log >&2
  exit 1
}

# A buildpack that trusts what comes back only as far as it says itself: its layer names the content it has.
make_pack() {
  mkdir -p packs/one/bin
  printf 'api = "0.10"\n[buildpack]\nid = "test/one"\nversion = "1"\n' >packs/one/buildpack.toml
  printf '#!/bin/sh\n' >packs/one/bin/detect
  cat >packs/one/bin/build <<'BUILD'
#!/bin/bash
set -e
layer=$1/layer
wanted=$(cat "$CNB_BUILDPACK_DIR/wanted")
sum() { (cd "$layer" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64); }
if [[ -d $layer ]]; then
  sum="$(sum)"
  # Half a layer under a whole one's name is what must never come back.
  grep -q "content = \"$sum\"" "$layer.toml" || { echo "a broken layer came back"; exit 9; }
  : >came-back
fi
if [[ ! -d $layer ]] || ! grep -q "wanted = \"$wanted\"" "$layer.toml"; then
  rm -rf "$layer"
  mkdir -p "$layer"/{bin,lib/deep}
  for name in bin/one bin/two lib/three lib/deep/four; do echo "$name of $wanted" >"$layer/$name"; done
  ln -s ../lib/three "$layer/bin/link"
  touch -d @1700000000 "$layer"/{bin/one,bin/two,lib/three,lib/deep/four}
fi
printf '[types]\nlaunch = true\ncache = true\n[metadata]\nwanted = "%s"\ncontent = "%s"\n' "$wanted" "$(sum)" >"$layer.toml"
BUILD
  chmod +x packs/one/bin/*
}

build=("$tool" build site/app packs site/cache)

# before WANTED: as the last bake left it. The tool's caches know files by their inodes, hence no copy.
before() {
  rm -rf site
  mkdir site
  echo "$1" >packs/one/wanted
  "${build[@]}" >run.log 2>&1 || fail "the bake before"
}

# tree_now: sets `found` to what was built, whether out of something or not, and whether the cache shares it or not.
tree_now() { found=$("$describe" site/app | sed '/^came-back /d; /^elsewhere as well: /d'); }

# check WANTED: an undisturbed build now.
check() {
  echo "$1" >packs/one/wanted
  "${build[@]}" >run.log 2>&1 || fail "the next build fails"
  tree_now
  [[ $found == "${tree[$1]}" ]] || fail "the next build is another: $found"
  "${build[@]}" >run.log 2>&1 || fail "the build after the next fails"
  tree_now
  [[ $found == "${tree[$1]}" ]] || fail "the build after the next is another: $found"
}

# everywhere FROM TO: a build that finds FROM and wants TO.
everywhere() {
  local use call n fault ended count=0 hit=0
  where="from $1 to $2, undisturbed"
  before "$1"
  echo "$2" >packs/one/wanted
  calls_of site "${build[@]}" >calls || fail "it fails: $(tail -n 5 calls.log)"
  check "$2"
  while read -r use call n _ <&3; do
    for fault in signal=KILL error=EIO; do
      [[ $use == changes ]] || continue
      where="from $1 to $2, $fault at $call $n"
      before "$1"
      echo "$2" >packs/one/wanted
      ended=0
      disturbed "$fault" "$call" "$n" "${build[@]}" || ended=$?
      [[ $fault != signal=KILL || $ended == @(137|0) ]] || fail "it was not killed but ended with $ended"
      if ((ended != 0)); then hit=$((hit + 1)); fi
      check "$2"
      count=$((count + 1))
    done
  done 3< <(pick "$step" <calls)
  where="from $1 to $2"
  ((4 * hit > count)) || fail "only $hit of $count cases hit anything"
  printf '%s: %s cases, %s hit, and the next build is right\n' "$where" "$count" "$hit"
}

make_pack
declare -A tree
where="undisturbed"
for wanted in first second; do
  before "$wanted"
  tree_now
  tree[$wanted]=$found
done
# Without this the rest would say nothing.
"${build[@]}" >run.log 2>&1 || fail "a build that finds all as it left it fails"
[[ -e site/app/came-back ]] || fail "nothing comes back"
everywhere first first
everywhere first second
