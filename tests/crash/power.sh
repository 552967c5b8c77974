#!/usr/bin/env bash
# The power fails in the middle of a synchronisation, an undo, or a snapshot and its switch: afterwards there is the
# old tree or the new one, never one with empty, torn or mixed files. Once the tool has ended, it is the new one.
#
#   power.sh TREE_TOOL [--full | --prove]    a few moments on each file system; --full: a hundred
#
# The tree lies on a file system in an image, whose loop device writes directly to the file below. That file is cloned
# at a random moment, which is atomic: the clone holds what the block layer was given by then, and nothing that was
# only in memory, just like a disk without power. The clone is mounted, which replays its log, and recovered.
# Meanwhile a neighbour makes its own small file durable over and over, as a database would. Its commits write names
# and sizes of the tool's files to the disk, but not their content: only the tool's own syncs do that. In every other
# run it sometimes syncs all, so that states half-way are found on the disk, too.
# (What a disk loses that was told to flush is not simulated.)
#
# --prove shows that the test can fail: with the tool's syncs suppressed it must find damage.
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tool=$(realpath "${1:?"give the path of the program tree_tool"}")
mode=${2-}
without=$(dirname "$tool")/without
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

skip() {
  echo "$1"
  exit 77
}
((EUID == 0)) || skip "only root may mount an image"
for program in losetup unshare getfattr setfattr; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
# Nobody else sees the mounts, and they end with us, however that comes about.
if [[ ${OWN_MOUNTS-} != yes ]]; then
  unshare --mount true 2>/dev/null || skip "no mount namespaces here"
  OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi
# shellcheck source=tests/crash/describe.bash
. "$here/describe.bash"
# shellcheck source=tests/crash/changes.bash
. "$here/changes.bash"

case $mode in
  --full) cuts=100 ;; # of each job
  --prove) cuts=12 ;;
  *) cuts=8 ;;
esac
umask 022
export LC_ALL=C TZ=UTC
if [[ -z ${TMPDIR-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
scratch=$(mktemp -d)
cd "$scratch"
mkdir lab mounted taken
taken=
# What is still under way holds the file system until it ends.
clean_up() {
  touch finished
  if [[ -n $taken ]]; then losetup --detach "$taken" || true; fi
  umount -l mounted taken lab 2>/dev/null || true
  cd /
  rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT

# --- images -----------------------------------------------------------------------------------------------------

# mount_image FILE DIRECTORY DIRECT_IO [OPTIONS]: the loop device goes with the mount.
mount_image() {
  local device status=0
  device=$(losetup --find --show --sector-size 4096 --direct-io="$3" "$1") || return
  mount -o "noatime,${4-}" "$device" "$2" || status=$?
  echo "$device" >"$2.device"
  losetup --detach "$device"
  return "$status"
}

unmount_image() {
  umount "$1"
  # Two disks with one identity: btrfs would remember the first.
  if [[ -n $(type -P btrfs) ]]; then btrfs device scan --forget "$(cat "$1.device")" >/dev/null 2>&1 || true; fi
}

# After a start disks may have other numbers: these take those that were in use.
take_numbers() {
  mount -t tmpfs none taken
  taken=$(losetup --find --show lab/base.img)
}
free_numbers() {
  losetup --detach "$taken"
  taken=
  umount taken
}

# Where images can be cloned.
make_lab() {
  truncate -s 4G lab.img
  if command -v mkfs.xfs >/dev/null; then
    mkfs.xfs -q -s size=4096 -m reflink=1 lab.img
  elif command -v mkfs.btrfs >/dev/null; then
    mkfs.btrfs -q lab.img
  else
    skip "neither mkfs.xfs nor mkfs.btrfs is installed"
  fi
  mount_image lab.img lab off 2>mount.log || skip "no image can be mounted here: $(tail -n 1 mount.log)"
}

# What takes up to half a minute elsewhere is committed within a second.
declare -A make=([ext4]='mkfs.ext4 -q -b 4096' [xfs]='mkfs.xfs -q -s size=4096' [btrfs]='mkfs.btrfs -q')
declare -A options=([ext4]=commit=1 [xfs]=nouuid [btrfs]=commit=1)

# --- trees ------------------------------------------------------------------------------------------------------

# bulk DIR FIRST LAST: files enough that writing them takes a while.
bulk() {
  local i
  mkdir -p "$1/bulk/deep"
  for ((i = $2; i <= $3; ++i)); do
    head -c $((i * 137 % 90000 + 1)) /dev/urandom >"$1/bulk/$i"
    printf '%s\n' "$i" >"$1/bulk/deep/$i"
  done
}

make_trees() {
  make_old old
  bulk old 1 200
  cp -a old from
  make_new from
  bulk from 100 300
  rm from/bulk/{1..50}
  make_wanted old from wanted
  local name way
  for name in old from wanted; do
    for way in describe outline; do $way "$name" >"$name.$way"; done
  done
}

make_base() { # FILE_SYSTEM: fails where the kernel does not know it
  rm -f lab/base.img
  truncate -s 512M lab/base.img
  ${make[$1]} lab/base.img >make.log 2>&1 || return
  mount_image lab/base.img mounted on "${options[$1]}" || return
  mkdir mounted/site
  cp -a from mounted/site/from
  cp -a old mounted/site/to
  unmount_image mounted
}

# --- jobs: what runs, what recovers, and which trees may be found -----------------------------------------------

declare -A after_job=([sync]=wanted [undo]=old [snapshot]=from [ready]=from)
declare -A look_at=([sync]=describe [undo]=describe [snapshot]=describe [ready]=outline)

# Run in the directory that holds site/. With --prove the syncs of what is under test are suppressed, and content that
# is only shared, which was on the disk before.
tested=()
if [[ $mode == --prove ]]; then tested=("$without" "sync,clone,copy_range" --); fi
synchronise=("$tool" sync site/from site/to site/log --protect old-only/keep)
undo=("$tool" undo site/to site/log)

prepare_sync() { :; }
run_sync() { "${tested[@]}" "${synchronise[@]}"; }
recover_sync() { "${undo[@]}"; }

prepare_undo() { "${synchronise[@]}" --keep-log; }
run_undo() { "${tested[@]}" "${undo[@]}"; }
recover_undo() { "${undo[@]}"; }

prepare_snapshot() { :; }
run_snapshot() {
  "${tested[@]}" "$tool" snapshot site/from site/next
  "${tested[@]}" sync --file-system site/next # which is the caller's business
  "${tested[@]}" "$tool" switch site to next
}
recover_snapshot() { :; }

# Files that did not change are links to those of the tree in service.
prepare_ready() {
  "$tool" scan site/from --bare --manifest new.manifest
  "$tool" scan site/to --bare --manifest old.manifest
}
run_ready() {
  "${tested[@]}" "$tool" make-ready site/from new.manifest site/to old.manifest site/next
  "${tested[@]}" "$tool" switch site to next
}
recover_ready() { :; }

# --- one run and its cuts ---------------------------------------------------------------------------------------

now() { echo "${EPOCHREALTIME/[.,]/}"; } # microseconds

be_a_neighbour() {
  until [[ -e ../finished ]]; do
    echo x >>neighbour
    sync --data neighbour
    if [[ $manners == thorough ]] && ((RANDOM % 40 == 0)); then sync --file-system neighbour; fi
  done
}

start_run() {
  rm -f ended finished
  (
    cd mounted
    status=0
    (
      set -e
      "run_$job"
    ) >../run.log 2>&1 || status=$?
    echo $(($(now) - begun)) >../took
    echo "$status" >../ended
  ) &
  runner=$!
  (cd mounted && be_a_neighbour) &
  neighbour=$!
}

finish_run() {
  wait "$runner"
  touch finished
  wait "$neighbour"
  unmount_image mounted
  # Others use this machine, too: the latest run tells best how long the next will take.
  duration=$(cat took)
  [[ $(cat ended) == 0 ]] || fail "the tool ended with status $(cat ended): $(tail -n 5 run.log)"
}

prepare_run() {
  cp --reflink=always lab/base.img lab/disk.img
  mount_image lab/disk.img mounted on "${options[$kind]}"
  (cd mounted && "prepare_$job") >prepare.log 2>&1 || fail "prepare: $(tail -n 5 prepare.log)"
  sync --file-system mounted
}

# Sets `duration`: how long a run takes when nobody cuts it off, in microseconds.
measure() {
  local begun
  prepare_run
  begun=$(now)
  start_run
  finish_run
}

# cut_at MICROSECONDS NUMBER: waits for that moment of the run and clones the disk.
cut_at() {
  local left=$(($1 - ($(now) - begun)))
  if ((left > 0)); then sleep "$((left / 1000000)).$(printf %06d $((left % 1000000)))"; fi
  local ended=no
  if [[ -e ended ]]; then ended=yes; fi
  cp --reflink=always lab/disk.img "lab/cut-$2.img"
  echo "$ended" >"cut-$2.ended"
}

random_moments() { # MANY WINDOW
  local i
  for ((i = 0; i < $1; ++i)); do echo $((SRANDOM % $2)); done | sort -n
}

# One run, cut off at so many random moments up to a little after its end.
cut_off() {
  local window=$((duration * 5 / 4)) moment n=0 begun
  # Unwritten content stays unwritten for long when nobody asks for it.
  if [[ $mode == --prove ]]; then window=$((duration + 1500000)); fi
  prepare_run
  begun=$(now)
  start_run
  while read -r moment; do
    cut_at "$moment" "$((n++))"
  done < <(random_moments "$1" "$window")
  finish_run
}

# --- what is found ----------------------------------------------------------------------------------------------

failures=0
fail() {
  printf 'power.sh: %s: %s\n' "$where" "$1" >&2
  failures=$((failures + 1))
}

state_of_mounted() {
  local name look=${look_at[$job]}
  $look mounted/site/to >found 2>&1 || true
  for name in $allowed; do
    if cmp -s found "$name.$look"; then
      echo "$name"
      return
    fi
  done
  echo damaged
}

# Sets `state`: the name of a tree, or damaged.
recover_and_look() { # NUMBER
  state=damaged
  mount_image "lab/cut-$1.img" mounted off "${options[$kind]}" || return 0
  if (cd mounted && "recover_$job") >recover.log 2>&1; then
    state=$(state_of_mounted)
    if [[ $state == old && $after != old && $(cat "cut-$1.ended") == yes ]]; then state=lost; fi
    if [[ $state == damaged ]]; then diff "${allowed##* }.${look_at[$job]}" found | head -n 12 >recover.log || true; fi
  fi
  if [[ $job == sync && $state != damaged && $mode != --prove ]]; then
    (cd mounted && "${synchronise[@]}") >next.log 2>&1 || fail "the next synchronisation: $(tail -n 5 next.log)"
    allowed=wanted
    [[ $(state_of_mounted) == wanted ]] || fail "the next synchronisation does not end with the new tree"
  fi
  unmount_image mounted
}

examine() { # NUMBER
  allowed="old $after"
  recover_and_look "$1"
  count[$state]=$((${count[$state]-0} + 1))
  if [[ $state == @(damaged|lost) && $mode != --prove ]]; then
    fail "cut $1 (the tool had ended: $(cat "cut-$1.ended")): $state: $(head -n 12 recover.log)"
  fi
  rm "lab/cut-$1.img"
}

tell() {
  local states='' name
  for name in old from wanted lost damaged; do
    if [[ -n ${count[$name]-} ]]; then states+=" $name: ${count[$name]}"; fi
  done
  printf '%-6s %-8s %4d ms, %3d cuts:%s\n' "$kind" "$job" $((duration / 1000)) "$cuts" "$states"
}

# try FILE_SYSTEM JOB
try() {
  kind=$1 job=$2 where="$1, $2"
  local after=${after_job[$2]}
  local -A count=()
  # At least two runs, for there are two manners of a neighbour.
  local done_already=0 most=$((cuts < 20 ? cuts / 2 : 10)) many n
  # Without the tool's syncs nobody's may help.
  local -A next_manners=([hasty]=thorough [thorough]=hasty)
  if [[ $mode == --prove ]]; then next_manners[hasty]=hasty; fi
  manners=hasty
  measure
  while ((done_already < cuts)); do
    many=$((cuts - done_already < most ? cuts - done_already : most))
    manners=${next_manners[$manners]}
    cut_off "$many"
    take_numbers
    for ((n = 0; n < many; ++n)); do examine "$n"; done
    free_numbers
    done_already=$((done_already + many))
  done
  tell
  if [[ $mode == --prove && $job != undo && -z ${count[damaged]-} ]]; then
    fail "no damage without syncs: this test proves nothing"
  fi
}

make_lab
make_trees
for kind in ext4 xfs btrfs; do
  if ! command -v "mkfs.$kind" >/dev/null; then
    echo "$kind is left out: mkfs.$kind is not installed"
    continue
  fi
  make_base "$kind" 2>mount.log || {
    echo "$kind is left out: $(cat make.log mount.log | tail -n 1)"
    continue
  }
  for job in sync undo snapshot ready; do try "$kind" "$job"; done
done

if ((failures > 0)); then
  echo "power.sh: $failures failures" >&2
  exit 1
fi
if [[ $mode == --prove ]]; then
  echo "without the syncs there is damage, as there should be"
else
  echo "after every cut old or new, whole"
fi
