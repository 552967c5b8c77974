#!/usr/bin/env bash
# A forged archive for each reason to refuse one, handed to the real programs: refused with the message and the
# exit status of archives.expected, and nothing is any different afterwards.
#
#   archives.sh FORGE_ARCHIVES RELEASE EXPECTED      the paths of the programs and of the table
#
# With ACCEPT=1 the table is written anew. A line of it is `NAME: EXIT MESSAGE`, for `release verify`; where
# `release apply` says something else, `NAME (apply): EXIT MESSAGE` follows.
# Exit status: 0 all refused as they must be, 1 not.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1

forge=$(realpath "${1:?"give the path of the program forge_archives"}")
release=$(realpath "${2:?"give the path of the program release"}")
expected=$(realpath "${3:?"give the path of archives.expected"}")

# In memory where there is some: nothing here is about disks.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

failures=0
complain() {
  printf 'archives.sh: %s\n' "$1" >&2
  failures=$((failures + 1))
}

fail() {
  complain "$1"
  [[ ! -s said ]] || sed 's/^/  | /' said >&2
  exit 1
}

# --- bounds: no archive may make the programs take more than this, whatever it promises --------------------------

memory=$((1024 * 1024)) # KiB of addresses; a sanitizer's own are beyond any bound
largest_file=16384      # KiB

# bounded COMMAND...
bounded() (
  ulimit -f "$largest_file"
  [[ -z $memory ]] || ulimit -v "$memory"
  # Arenas take addresses and not memory: one is enough to measure by.
  MALLOC_ARENA_MAX=1 exec "$@"
)

if ! bounded "$release" --version >said 2>&1; then
  memory=
  echo "memory is not bounded: the programs do not start within $((1024 * 1024)) KiB of addresses"
fi

# --- what there is -----------------------------------------------------------------------------------------------

# Everything in the world but what a refused release may leave: records of the attempt, what was read of run/, and who
# had the lock. The
# times of directories in which the staging directory came and went are left out.
world_state() {
  find world -mindepth 1 "${records[@]}" -prune -o -type d -printf '%p %i %y %m\n' -o -printf '%p %i %y %m %s %T@ %l\n' |
    sort
  find world "${records[@]}" -prune -o -type f -exec sha256sum {} + | sort
}
records=('(' -path 'world/*/.bakehouse/journal' -o -path 'world/*/.bakehouse/history.jsonl' -o
  -path 'world/*/.bakehouse/switch.lock' -o -path 'world/*/.bakehouse/run.index' -o
  -path 'world/*/.bakehouse/logs/deployments' ')')

make_root() { # NAME KEY
  "$release" init shop --root "world/$1" --quiet
  "$release" trust add "archives/$2" --root "world/$1" --quiet
  "$release" apply archives/first.release --root "world/$1" --quiet >said 2>&1
}

# One line, without what differs from run to run, from machine to machine, and in the words of libzstd.
message() {
  sed -e 's/^release: //' -e "s|$scratch/world/victim|VICTIM|g" -e "s|$scratch/||g" said |
    sed -e ':a' -e '$!{N;ba}' -e 's/\n */ \/ /g' \
      -e "s/the archive 'archives\/[^']*': //g" -e "s|archives/[^']*'|ARCHIVE'|g" \
      -e 's/\(key\|by\) [0-9A-F]\{16\}/\1 KEYID/g' -e 's/release.json:1:[0-9]*:/release.json:1:COLUMN:/g' \
      -e 's/cannot \(measure\|decompress\) a frame: .*/cannot \1 a frame: REASON/' -e "s/$(uname -m)/MACHINE/g"
}

# run COMMAND...: status, and what it said in ./said.
run() {
  status=0
  bounded "$release" "$@" --quiet >said 2>&1 || status=$?
  if LC_ALL=C grep -q $'[\001-\010\013-\037\177]' said || grep -qP '[\x{80}-\x{9f}]' said; then
    complain "$*: the message would reach the terminal as it is: $(cat -v said)"
  fi
}

unchanged() { # WHAT
  world_state >after
  cmp -s before after || {
    complain "$1: something changed: $(diff before after | head -5)"
    cp after before
  }
}

# --- the table ---------------------------------------------------------------------------------------------------

judge() { # NAME
  local archive=archives/$1.tar.zst verified applied status
  run verify "$archive" --root world/production
  verified="$status $(message)"
  unchanged "$1: verify"
  run apply "$archive" --root world/production
  applied="$status $(message)"
  unchanged "$1: apply"
  printf '%s: %s\n' "$1" "$verified"
  applied=${applied/ stage failed: / }
  applied=${applied% / 7.0 is in service as before}
  [[ $applied == "$verified" ]] || printf '%s (apply): %s\n' "$1" "$applied"
  # To a node that does not trust the key there is nothing else to say, unless it never came to the signature.
  run verify "$archive" --root world/stranger
  [[ $status == 4 || "$status $(message)" == "$verified" ]] ||
    complain "$1: a node that does not trust the key says: $status $(message)"
}

mkdir archives world
printf 'victim\n' >world/victim
"$forge" archives "$scratch/world/victim"
make_root production shop.pub || fail "the first release is not applied"
"$release" init shop --root world/stranger --quiet
"$release" trust add archives/nobody.pub --root world/stranger --quiet
world_state >before

count=0
for archive in archives/*.tar.zst; do
  name=${archive##*/}
  judge "${name%.tar.zst}"
  count=$((count + 1))
done >table

# Honest archives that this node does not want.
policy() { # NAME, EXIT STATUS, ARCHIVE, POLICY
  printf '%s\n' "$4" >world/production/.bakehouse/trust/policy.yaml
  world_state >before
  run apply "archives/$3.release" --root world/production
  unchanged "$1"
  [[ $status == "$2" ]] || complain "$1: exit status $status, not $2"
  printf '%s: %s %s\n' "$1" "$status" "$(message)"
  rm world/production/.bakehouse/trust/policy.yaml
}
shop=$(sed -n 's/^untrusted comment: minisign public key //p' archives/shop.pub)
{
  # One key has signed twice, and a stranger once.
  policy policy-of-two-keys 4 honest 'threshold: 2'
  policy policy-that-revokes-the-key 4 honest "revoked: [$shop]"
  policy policy-of-no-keys-for-the-project 4 honest 'projects: {shop: {keys: []}}'
  policy policy-of-a-higher-sequence 4 honest 'projects: {shop: {lowest-sequence: 9}}'
  run apply archives/honest.release --root world/production
  [[ $status == 0 ]] || fail "the honest archive: exit status $status"
  policy release-before-the-last 10 first '{}'
  policy release-of-the-same-sequence 10 replay '{}'
} >>table
sed 's/ *$//' table >found

if [[ ${ACCEPT-} == 1 ]]; then cp found "$expected"; fi
diff -u "$expected" found || complain "the messages are not those of ${expected##*/}"

echo "each of $count archives is refused: 3 for what is no release, 4 for what nobody trusted signed"
# A release for another machine (10) is a good one there.
accepted=$(awk -F ': ' '
  { name = $1; sub(/ \(apply\)$/, "", name); split($2, word, " ") }
  word[1] == 10 { elsewhere[name] = 1 }
  word[1] !~ /^(3|4|10)$/ { wrong[name] = $0 }
  END { for (name in wrong) if (!(name in elsewhere)) print wrong[name] }' found)
[[ -z $accepted ]] || complain "not refused as they must be:"$'\n'"$accepted"

# What an earlier deployment lends needs no frame, and a frame that is not needed is not read.
echo "with the same files in service, some are refused, and of the others the tree is the same"
deployed() {
  (cd world/production/run && find . -path ./.bakehouse -prune -o -printf '%p %y %m %s %l\n' | sort &&
    find . -path ./.bakehouse -prune -o -type f -exec sha256sum {} + | sort)
}
deployed >honest
for name in damaged-tree bomb-of-4-gib-hidden frame-with-a-wrong-checksum header-with-a-hard-link stream-with-a-pax-path \
  stream-with-another-content twin-outside; do
  run apply "archives/$name.tar.zst" --root world/production
  [[ $status == 0 || $status == 3 ]] || complain "$name, once more: exit status $status: $(message)"
  deployed >tree
  cmp -s honest tree || complain "$name, once more: another tree is in service: $(diff honest tree | head -5)"
done

echo "and the honest ones are not, whatever the one before left"
for name in link through; do
  run apply "archives/$name.release" --root world/production
  [[ $status == 0 ]] || fail "$name.release: exit status $status"
done
[[ -d world/production/run/x && ! -L world/production/run/x ]] || fail "a link stayed where a directory must be"
[[ $(cat world/production/run/a/b) == content ]] || fail "a file was written through the link of another release"

((failures == 0)) || exit 1
