#!/usr/bin/env bash
# The tests of build rooms once more, as if on other machines: as an ordinary user, on a kernel that cannot make
# mounts read-only at once, where a user namespace gets no /proc of its own, and where there are no namespaces.
#
#   rooms.sh BUILDPACK_TEST WITHOUT       the unit tests of src/buildpack, and tests/support/without
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tests=$(realpath "${1:?"give the path of the program buildpack_test"}")
without=$(realpath "${2:?"give the path of the program without"}")
for program in setpriv unshare mount; do
  if ! command -v "$program" >/dev/null; then
    echo "$program is not installed"
    exit 77
  fi
done
if ((EUID != 0)); then
  echo "only root can be another user and hide parts of /proc"
  exit 77
fi
if ! unshare -m true 2>/dev/null; then
  echo "this machine makes no mount namespaces"
  exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# An ordinary user may not reach them where they are.
chmod 755 "$scratch"
cp "$tests" "$scratch/tests"
cp "$without" "$scratch/without"
cd "$scratch"

failures=0
# Tests that are true elsewhere only.
exclude=
# try TITLE EXPECTED COMMAND...: runs the tests by COMMAND; EXPECTED is how rooms are made then.
try() {
  local title=$1 expected=$2
  shift 2
  if ! "$@" ./tests --source-file='*room_test.cc' --test-case-exclude="$exclude" >log 2>&1; then
    printf 'rooms.sh: %s: the tests fail\n' "$title" >&2
    cat log >&2
    failures=$((failures + 1))
  elif ! grep -q "rooms are made $expected" log; then
    printf 'rooms.sh: %s: rooms are not made %s\n' "$title" "$expected" >&2
    cat log >&2
    failures=$((failures + 1))
  else
    printf '%s: %s, %s\n' "$title" "$expected" "$(grep 'test cases' log)"
  fi
}

# Runs a command where the host's /proc is covered in part, as in most containers.
with_covered_proc() {
  # The words are those of the inner shell.
  # shellcheck disable=SC2016
  unshare -m bash -c 'mount -t tmpfs none /proc/sys/fs && exec "$@"' bash "$@"
}

user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
try "root" "with root's rights" env
try "root, mounts one at a time" "with root's rights" ./without mount_setattr --
if "${user[@]}" unshare -Ur true 2>/dev/null; then
  try "an ordinary user" "in a user namespace" "${user[@]}"
  try "an ordinary user, mounts one at a time" "in a user namespace" "${user[@]}" ./without mount_setattr --
  exclude='*sees its own processes only'
  try "an ordinary user with the host's /proc" "in a user namespace" with_covered_proc "${user[@]}"
  exclude=
  try "root without the right to mount" "in a user namespace" setpriv --bounding-set=-sys_admin
else
  echo "skipped in part: an ordinary user gets no user namespaces here"
fi
try "no namespaces" "not at all" ./without unshare --

if ((failures > 0)); then
  echo "rooms.sh: $failures failures" >&2
  exit 1
fi
