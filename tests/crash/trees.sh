#!/usr/bin/env bash
# A synchronisation or a switch of trees, cut off or failing wherever it touches the disk: after recovery there is the
# old tree or the new one, to the bit, and the next synchronisation ends with the new one.
#
#   trees.sh TREE_TOOL [--full]     a sample, under 90 s; --full: every system call, every error
#
# The calls are those of an undisturbed run, as strace lists them. At each the process is killed, or the call fails once
# (EIO, ENOSPC, EDQUOT; EMFILE where something is opened; EIO where something is read, because a directory that cannot
# be read is not an empty one). Recovery is treated alike.
# Scratch trees are in memory unless TMPDIR says where. Exit status: 0 all well, 1 not, 77 skipped (the reason is the
# last line printed).
set -euo pipefail
shopt -s dotglob nullglob

tool=$(realpath "${1:?"give the path of the program tree_tool"}")
full=no
if [[ ${2-} == --full ]]; then full=yes; fi
without=$(dirname "$tool")/without
describe=$(dirname "$tool")/describe_tree
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/crash/changes.bash
. "$here/changes.bash"
# shellcheck source=tests/crash/faults.bash
. "$here/faults.bash"

skip() {
  echo "$1"
  exit 77
}
for program in strace setfattr; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
strace -qq -o /dev/null true 2>/dev/null || skip "this machine does not let a process trace another"

umask 022
export LC_ALL=C TZ=UTC
# What a kill leaves is the same in memory, and it takes a tenth of the time.
if [[ -z ${TMPDIR-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch"
# shellcheck disable=SC2034 # for faults.bash
starts_no_other=yes
require_faults
touch probe
setfattr -n user.probe -v 1 probe 2>/dev/null || skip "no extended attributes in $TMPDIR: set TMPDIR"

make_old old
cp -a old from
make_new from
make_wanted old from wanted
# What differs is shown from files; the thousands of comparisons are with these.
for tree in old wanted from; do "$describe" "$tree" >"$tree.tree"; done
old_tree=$(<old.tree) new_tree=$(<wanted.tree)

# --- one case ---------------------------------------------------------------------------------------------------

fail() {
  printf 'trees.sh: %s: %s\n' "$where" "$1" >&2
  echo x >>"$scratch/failures"
  # The first few are enough to look at, the others may follow from them.
  if (($(wc -l <"$scratch/failures") > 8)); then exit 1; fi
}

# A case costs as much as the processes it starts; hence few, and of the shell's own what it can do itself.

# look DIR: sets `found` to what is there and `tree` to what that is: old, new or neither.
look() {
  found=$("$describe" "$1" 2>&1) || true
  case $found in
    "$old_tree") tree=old ;;
    "$new_tree") tree=new ;;
    *) tree=neither ;;
  esac
}

# is_tree DIR NAME
is_tree() {
  look "$1"
  [[ $tree == "$2" ]]
}

show_neither() {
  local name
  for name in old wanted; do
    echo "-- against the $name tree"
    diff "$scratch/$name.tree" - <<<"$found" | head -n 12 || true
  done >&2
}

# quietly WHAT COMMAND...: has to succeed.
quietly() {
  local what=$1
  shift
  "$@" >quiet.log 2>&1 || fail "$what: status $?: $(tail -n 5 quiet.log)"
}

# shellcheck source=tests/crash/tree_jobs.bash
. "$here/tree_jobs.bash"
make_sites

fresh() {
  rm -rf site 2>/dev/null || { chmod -R u+w site && rm -rf site; }
  "fresh_$prepared"
}

# one FAULT CALL N: the job with that fault. Prints the fault and the tree it came to.
one() {
  local fault=$1 call=$2 n=$3 ended=0 said
  where="$title, $fault at $call $n"
  fresh
  disturbed "$fault" "$call" "$n" "${job[@]}" || ended=$?
  said=$(<run.log)
  if [[ $said == *@(Sanitizer|runtime error)* ]] &&
    grep -E 'Sanitizer|runtime error' run.log | grep -qv 'CHECK failed: sanitizer_'; then
    fail "$(head -n 20 run.log)"
  fi
  if [[ $fault == signal=KILL ]]; then
    ((ended == 137)) || fail "it was not killed but ended with $ended"
  elif ((ended == 134)) && [[ $said == *'CHECK failed: sanitizer_'* ]]; then
    : # A sanitizer probes memory by a write of its own and aborts when that fails: as good as killed.
  elif ((ended == 0)); then
    # Gone another way, which must have led there just as well. But nothing replaces a sync that failed.
    [[ $call != *sync* ]] || fail "the sync failed and nobody said so"
    "settle_$settled"
    [[ $state == "$usual" ]] || fail "it failed and nobody said so"
  else
    ((ended < 126)) || fail "it ended with $ended"
    [[ -n $said ]] || fail "it failed without a word"
  fi
  "settle_$settled"
  if [[ $prepared == @(kept|renamed|cut) && $state != "$usual" ]]; then
    fail "recovered twice, it is the $state tree; at once, the $usual"
  fi
  echo "${fault#*=} $state"
  "converge_$settled"
}

# --- all cases of a job -----------------------------------------------------------------------------------------

# faults_for USE CALL NTH: what is done to a call.
faults_for() {
  case $1 in
    looks) faults=(error=EIO) ;;
    opens) faults=(error=EMFILE) ;;
    changes)
      faults=(signal=KILL error=EIO error=ENOSPC error=EDQUOT)
      # A sample has one error a call, in turn.
      if ((step > 1)); then faults=(signal=KILL "${faults[1 + $3 % 3]}"); fi
      if [[ $2 == open* ]]; then faults+=(error=EMFILE); fi
      ;;
  esac
  if [[ $kinds == kill ]]; then
    if [[ $1 == changes ]]; then faults=(signal=KILL); else faults=(); fi
  fi
}

# One line a case, "FAULT CALL N", shared out to as many processes as there are processors.
cases_of() {
  local use call n nth=0
  while read -r use call n _; do
    faults_for "$use" "$call" "$((nth++))"
    local fault
    for fault in "${faults[@]}"; do echo "$fault $call $n"; done
  done
}

work_off() { # PART: every so manieth of cases.list, in a directory of its own
  local fault call n
  mkdir -p "$scratch/work-$1"
  cd "$scratch/work-$1"
  while read -r fault call n <&3; do
    one "$fault" "$call" "$n"
  done 3< <(awk -v parts="$parts" -v part="$1" 'NR % parts == part' "$scratch/cases.list") >"$scratch/states.$1"
}

parts=$(nproc)
if ((parts > 8)); then parts=8; fi

# everywhere TITLE KINDS PREPARED SETTLED STEP COMMAND...: disturbs the command at its calls, every STEPth in a sample;
# KINDS is kill or all.
everywhere() {
  title=$1 kinds=$2 prepared=$3 settled=$4
  local step part
  step=$(if [[ $full == yes ]]; then echo 1; else echo "$5"; fi)
  local -a children=()
  shift 5
  job=("$@")
  where="$title, undisturbed"
  mkdir -p "$scratch/work-0"
  cd "$scratch/work-0"
  fresh
  calls_of site "${job[@]}" >calls || fail "it fails: $(tail -n 5 calls.log)"
  grep -q '^changes' calls || fail "it changes nothing"
  "settle_$settled"
  usual=$state
  "converge_$settled"
  pick "$step" <calls | cases_of >"$scratch/cases.list"
  for ((part = 0; part < parts; ++part)); do
    (work_off "$part") &
    children+=($!)
  done
  for part in "${children[@]}"; do
    wait "$part" || broken=yes
  done
  tell calls
  if [[ $broken == yes ]]; then finish; fi
}
broken=no
total=0

# A row for each fault: how many calls it could hit, at how many it did, and what became of the tree.
tell() {
  local row='%-44s %-7s %6s %6s %6s %6s\n'
  # shellcheck disable=SC2059
  if ((total == 0)); then printf "$row" job fault calls tried old new; fi
  total=$((total + $(wc -l <"$scratch/cases.list")))
  awk -v title="$title" -v row="$row" -v kinds="$kinds" '
    FILENAME == ARGV[1] { ++uses[$1]; creates += $1 == "changes" && $2 ~ /^open/; next }
    { ++tried[$1]; ++count[$1, $2] }
    END {
      calls["KILL"] = calls["ENOSPC"] = calls["EDQUOT"] = uses["changes"]
      calls["EIO"] = uses["changes"] + uses["looks"]
      calls["EMFILE"] = uses["opens"] + creates
      split("KILL EIO ENOSPC EDQUOT EMFILE", order, " ")
      for (i = 1; i <= 5; ++i) {
        fault = order[i]
        if (fault in tried) printf row, title, fault, calls[fault], tried[fault], count[fault, "old"] + 0, count[fault, "new"] + 0
      }
    }' "$1" "$scratch"/states.*
}

finish() {
  if [[ $broken == yes || -e $scratch/failures ]]; then
    echo "trees.sh: $(wc -l <"$scratch/failures") failures in $total cases" >&2
    exit 1
  fi
  echo "$total cases: always old or new, whole"
}

# --- jobs -------------------------------------------------------------------------------------------------------

# The first promise, beside the program that everybody knows.
side_by_side() {
  where="a file changed with the same size and time"
  local file=content/same-size-and-time
  if command -v rsync >/dev/null; then
    cp -a "$scratch/old" peer
    rsync -a --delete "$scratch/from/" peer/
    printf '%s: rsync -a leaves "%s"' "$where" "$(cat "peer/$file")"
  else
    printf '%s (rsync is not installed):' "$where"
  fi
  fresh_sync
  quietly "synchronise" "${sync_command[@]}"
  printf ' sync ends with "%s"\n' "$(cat "site/to/$file")"
  cmp -s "site/to/$file" "$scratch/from/$file" || fail "it is missed"
}

# Directories hand down their group and their default ACL to what is made in them.
in_a_directory_that_hands_down() {
  where="in a directory that hands down its group and ACL"
  prepared=sync
  fresh
  give_away :9 site
  chmod g+s site
  if command -v setfacl >/dev/null; then setfacl -d -m u:7:rwx site; fi
  quietly "synchronise" "${sync_command[@]}" --keep-log
  quietly "undo" "${undo_command[@]}"
  settle_sync
  [[ $state == old ]] || fail "an undo does not end with the old tree"
  converge_sync
  quietly "take a snapshot" "$tool" snapshot "$scratch/from" site/next
  "$describe" site/next | diff "$scratch/from.tree" - >&2 || fail "a snapshot is not what it was taken of"
}

# The same end without each thing that a kernel or a file system may lack.
undisturbed_without() {
  local thing
  prepared=sync
  for thing in openat2 openat2=EPERM exchange link clone copy_range openat2,exchange,link,clone,copy_range; do
    where="without $thing"
    fresh
    if "$without" "$thing" -- "${sync_command[@]}" >quiet.log 2>&1; then
      is_tree site/to new || fail "not the new tree"
    else
      # Where names cannot be linked there is no way to the new tree.
      [[ $thing == *link* ]] || fail "it fails: $(tail -n 5 quiet.log)"
    fi
    fresh
    "$without" "$thing" -- "${sync_command[@]}" --keep-log >quiet.log 2>&1 || true
    quietly "undo" "$without" "$thing" -- "${undo_command[@]}"
    settle_sync
    [[ $state == old ]] || fail "an undo does not end with the old tree"
  done
  where="a switch without exchange"
  prepared=exchange
  fresh
  # Refused or gone another way; never half.
  "$without" exchange -- "$tool" switch site run next >quiet.log 2>&1 || true
  settle_exchange
}

# Undo after cuts all along a synchronisation.
cut_off_undos() {
  local -a at
  local line many=$1
  mapfile -t at < <(grep '^changes' "$scratch/sync.calls" |
    awk -v many="$many" '{ line[NR] = $2 " " $3 } END { for (i = 1; i <= many; ++i) print line[int(NR * i / (many + 1)) + 1] }')
  for line in "${at[@]}"; do
    read -r -a cut <<<"$line"
    everywhere "undo after a kill at $line" kill cut sync 25 "${undo_command[@]}"
  done
}

mkdir "$scratch/beside"
cd "$scratch/beside"
side_by_side
in_a_directory_that_hands_down
undisturbed_without
everywhere "sync" all sync sync 9 "${sync_command[@]}"
cp calls "$scratch/sync.calls"
everywhere "sync, with an index" kill indexed sync 40 "${sync_command[@]}" --index site/index
everywhere "sync without exchange" kill sync sync 25 "$without" exchange -- "${sync_command[@]}"
everywhere "sync without openat2" kill sync sync 40 "$without" openat2 -- "${sync_command[@]}"
everywhere "undo of a whole sync" all kept sync 15 "${undo_command[@]}"
everywhere "undo of one without exchange" kill renamed sync 25 "${undo_command[@]}"
cut_off_undos "$(if [[ $full == yes ]]; then echo 9; else echo 3; fi)"
everywhere "switch by exchange" all exchange exchange 1 "$tool" switch site run next
everywhere "the first switch" all first first 1 "$tool" switch site run next
everywhere "switch by link" all link link 1 "$tool" switch-link site run runs/new

where="the tree synchronised from"
cd "$scratch"
"$describe" from | diff from.tree - >&2 || fail "it was changed"
finish
