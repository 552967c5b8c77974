#!/usr/bin/env bash
# Where a file system shares extents, making trees copies no data: free space before and after, on XFS and btrfs. With
# the sharing suppressed the same commands must be seen to take the room, or the test would prove nothing.
#
#   reflink.sh TREE_TOOL
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tool=$(realpath "${1:?"give the path of the program tree_tool"}")
without=$(dirname "$tool")/without

skip() {
  echo "$1"
  exit 77
}
((EUID == 0)) || skip "only root may mount an image"
# Nobody else sees the mounts, and they end with us, however that comes about.
if [[ ${OWN_MOUNTS-} != yes ]]; then
  unshare --mount true 2>/dev/null || skip "no mount namespaces here"
  OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi

"$without" clone -- true 2>/dev/null || skip "this machine does not filter system calls"

umask 022
export LC_ALL=C TZ=UTC
scratch=$(mktemp -d)
clean_up() {
  umount -l "$scratch/lab" 2>/dev/null || true
  rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT
cd "$scratch"
mkdir lab

fail() {
  echo "reflink.sh: $1" >&2
  exit 1
}

data_kib=$((64 * 1024))

free_kib() {
  sync --file-system lab
  df --output=avail lab | tail -n 1
}

# taken COMMAND...: sets `kib` to what the command takes of the file system.
taken() {
  local before
  before=$(free_kib)
  "$@" >/dev/null
  kib=$((before - $(free_kib)))
}

# check KIND: the three ways to make a tree, with sharing and without.
check() {
  local i
  mkdir lab/tree
  for i in 1 2 3 4; do head -c $((data_kib * 256)) /dev/urandom >"lab/tree/$i"; done
  "$tool" scan lab/tree --bare --manifest manifest >/dev/null
  printf '%-6s %6d KiB of data;' "$1" "$data_kib"
  taken "$tool" snapshot lab/tree lab/snapshot
  printf ' snapshot %d,' "$kib"
  ((kib < data_kib / 16)) || fail "$1: a snapshot took $kib KiB"
  taken "$tool" make-ready lab/tree manifest lab/snapshot manifest lab/next --copy
  printf ' make-ready %d,' "$kib"
  ((kib < data_kib / 16)) || fail "$1: making ready took $kib KiB"
  mkdir lab/run
  taken "$tool" sync lab/tree lab/run lab/log
  printf ' sync %d;' "$kib"
  ((kib < data_kib / 16)) || fail "$1: a synchronisation took $kib KiB"
  cmp lab/tree/1 lab/next/1
  cmp lab/tree/4 lab/run/4
  taken "$without" clone,copy_range -- "$tool" snapshot lab/tree lab/copied
  printf ' snapshot without sharing %d KiB\n' "$kib"
  ((kib > data_kib / 2)) || fail "$1: a real copy took $kib KiB only: free space says nothing here"
}

tried=0
declare -A make=([xfs]='mkfs.xfs -q -m reflink=1' [btrfs]='mkfs.btrfs -q')
for kind in xfs btrfs; do
  if ! command -v "mkfs.$kind" >/dev/null; then
    echo "$kind is left out: mkfs.$kind is not installed"
    continue
  fi
  rm -f lab.img
  truncate --size=600M lab.img
  ${make[$kind]} lab.img >/dev/null
  if ! mount -o loop lab.img lab 2>/dev/null; then
    echo "$kind is left out: this kernel does not mount it"
    continue
  fi
  check "$kind"
  umount lab
  tried=$((tried + 1))
done
((tried > 0)) || skip "no file system that shares extents can be mounted here"
