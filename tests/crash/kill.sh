#!/usr/bin/env bash
# The real programs, killed wherever a transaction touches the disk; the next command must leave the old
# release or the new one, whole.
#
#   kill.sh BAKE RELEASE        the paths of the two programs
#
# Every record of the journal ends in one fdatasync, so a kill at the Nth is a kill behind the Nth record. Kills at
# renameat2 come just before a switch, kills at fsync just behind it, kills at syncfs before data is durable. Then
# each of these calls fails once instead, as on a broken disk.
# The table says what became of the disturbed transaction: "1-19:old 20:new".
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")

if ! command -v strace >/dev/null; then
  echo "strace is not installed"
  exit 77
fi
if ! strace -qq -o /dev/null true 2>/dev/null; then
  echo "this machine does not let a process trace another"
  exit 77
fi

# In memory where programs may run there: what a kill leaves is the same, and it takes a tenth of the time.
scratch=$(mktemp -d)
if memory=$(mktemp -d -p /dev/shm 2>/dev/null); then
  if cp "$(type -P true)" "$memory/true" && "$memory/true" 2>/dev/null; then
    rm -rf "$scratch"
    scratch=$memory
  else
    rm -rf "$memory"
  fi
fi
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
umask 022
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1

# --- what is released -------------------------------------------------------------------------------------------

# source_of VERSION RULE LINES: a page, the rule by which data goes back, and a migration of data/ in a shell's words.
source_of() {
  mkdir -p "source-$1/.bake/hooks" "source-$1/sub/deep"
  printf 'name: book\nundo-data: %s\ndata: {pictures: pictures, var/notes: notes}\n' "$2" >"source-$1/bake.yaml"
  printf 'page of %s\n' "$1" | tee "source-$1/index.html" >"source-$1/sub/deep/page-$1"
  # The variable is the hook's.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nset -e\ncd "$BAKEHOUSE_DATA"\n%s\n' "$3" >"source-$1/.bake/hooks/post_deploy"
  chmod +x "source-$1/.bake/hooks/post_deploy"
}

prepare() (
  set -e
  "$bake" key new key --no-password
  "$bake" init book --root staging --key key
  local migration='echo half >schema; rm -f old; echo second >book'
  source_of 1.0 always 'echo 1 >schema; echo first >book'
  source_of 2.0 always "$migration; echo 2 >schema"
  source_of 3.0 always "$migration; exit 1"
  source_of 4.0 closed "$migration; echo 4 >schema"
  local version
  for version in 1.0 2.0 3.0 4.0; do
    "$bake" "./source-$version" --root staging --no-apply --as "$version" --sequence "${version%.0}"
  done
  "$release" init book --root empty
  "$release" trust add key.pub --root empty
  cp -a empty with-1.0
  "$release" apply "$(archive 1.0)" --root with-1.0
  printf 'kept\n' >with-1.0/data/old
  printf 'p\n' >with-1.0/data/pictures/one
  cp -a with-1.0 with-2.0
  "$release" apply "$(archive 2.0)" --root with-2.0
) >prepare.log 2>&1

archive() { echo "$scratch/staging/releases/book-$1.tar.zst"; }

# --- what a root holds ------------------------------------------------------------------------------------------

# Every path below DIRECTORY with its kind, mode and content; "nothing" when it is not there. The one file that
# differs from deployment to deployment is left out.
contents() {
  if [[ ! -e $1 ]]; then
    echo nothing
    return
  fi
  (
    cd "$1"
    find . -path ./.bakehouse/deployment -prune -o -printf '%y %m %p %l\n' | sort
    find . -path ./.bakehouse/deployment -prune -o -type f -print0 | sort -z | xargs -0 -r sha256sum
  )
}

keep_contents() { # ROOT NAME
  contents "$1/run" >"$2.run"
  contents "$1/data" >"$2.data"
}

member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$2"; }

failures=0
fail() {
  printf 'kill.sh: %s: %s\n' "$where" "$1" >&2
  failures=$((failures + 1))
  # The first is enough to look at, the others may follow from it.
  if ((failures > 5)); then exit 1; fi
}

# check_whole ROOT JOURNALED: sets `state` to old or new, and complains of all that is neither.
check_whole() {
  local root=$1 journaled=$2 name id last outcome data current=none
  state=neither
  for name in old new; do
    if contents "$root/run" | cmp -s - "$name.run"; then
      state=$name
      break
    fi
  done
  if [[ $state == neither ]]; then
    fail "run/ is neither release"
    contents "$root/run" | diff old.run - >&2 || true
    return
  fi
  data=$state
  # By the rule `closed` data stays once processes were started, for they may have let somebody write.
  if [[ $rule == closed && $state == old && $opened == yes ]]; then data=new; fi
  contents "$root/data" | diff "$data.data" - >&2 || fail "data/ is not that of the $state release"
  if [[ -e $root/run ]]; then
    "$release" verify --root "$root" >verify.log 2>&1 || fail "verify: $(cat verify.log)"
    id=$(cat "$root/run/.bakehouse/deployment")
    [[ $(readlink "$root/deploy/current") == "$id" ]] || fail "deploy/current does not point to what run/ holds"
    current=$id
  fi
  for name in "$root"/.run.* "$root"/.data.* "$root"/deploy/.[!.]*; do
    [[ ! -e $name && ! -L $name ]] || fail "left over: $name"
  done
  for name in "$root"/deploy/*/ "$root"/.bakehouse/deployments/*/; do
    id=$(basename "$name")
    [[ $id == current || $id == '*' ]] || grep -q "\"deployment\":\"$id\".*\"outcome\":\"good\"" \
      "$root/.bakehouse/history.jsonl" || fail "half a deployment is left: $name"
  done
  if [[ $journaled == yes ]]; then
    last=$(tail -n 1 "$root/.bakehouse/history.jsonl")
    outcome=$(member outcome "$last")
    if [[ $outcome == good ]]; then
      [[ $(member deployment "$last") == "$current" ]] || fail "the last good deployment is not the one in run/"
    else
      [[ $state == old && -n $(member cause "$last") ]] || fail "the history does not say why: $last"
    fi
  fi
  "$release" status --json --root "$root" >status.json 2>&1 || fail "status: $(cat status.json)"
  grep -q '"recovery_needed":false' status.json || fail "status still wants a recovery: $(cat status.json)"
}

# --- one kill ---------------------------------------------------------------------------------------------------

# The id of the transaction that the journal tells of, or nothing.
journaled_id() {
  if [[ -e $1/.bakehouse/journal ]]; then
    grep -ao '"deployment":"[^"]*"' "$1/.bakehouse/journal" | head -n 1
  fi
}

# disturbed FAULT CALL N ROOT COMMAND...: runs `release COMMAND` with that fault at the Nth call; its status.
disturbed() {
  local fault=$1 call=$2 n=$3 root=$4 status=0
  shift 4
  # Only the main thread, which makes all of these calls; hooks run untraced. LeakSanitizer cannot work when traced.
  # In a shell of its own, which alone says "Killed".
  (ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -qq -o /dev/null -e trace="$call" \
    -e inject="$call:$fault:when=$n" "$release" "$@" --root "$root"
  exit "$?") >run.log 2>&1 || status=$?
  return "$status"
}

# check_told ROOT JOURNALED: whoever looks is told that a transaction was cut off, and looking changes nothing.
check_told() {
  local needed=false
  if [[ $2 == yes ]] && ! grep -aq '"record":"closed"' "$1/.bakehouse/journal"; then needed=true; fi
  "$release" status --json --root "$1" >status.json 2>&1 || fail "status before recovery: $(cat status.json)"
  grep -q "\"recovery_needed\":$needed" status.json || fail "status says otherwise: $(cat status.json)"
}

# one FAULT CALL N COMMAND...: runs `release COMMAND` on a fresh copy with that fault at the Nth call, then the next
# command. Sets `state` to what the disturbed one came to, and `ended` to how it ended.
one() {
  local fault=$1 call=$2 n=$3 before id journaled=$interrupted
  shift 3
  where="$title, $fault at $call $n"
  rm -rf root
  cp -a "$base" root
  before=$(journaled_id root)
  ended=0
  disturbed "$fault" "$call" "$n" root "$@" || ended=$?
  if [[ $fault == error=* && $ended == 0 ]]; then fail "the call failed and nobody said so"; fi
  if [[ $(journaled_id root) != "$before" ]]; then journaled=yes; fi
  opened=no
  if [[ $journaled == yes ]] && grep -aq '"record":"begin","step":"start"' root/.bakehouse/journal; then opened=yes; fi
  check_told root "$journaled"
  if ((n % 2 == 0)) && [[ $1 == apply ]]; then
    # The next command takes it up by itself, and then does its own work.
    id=$(journaled_id root)
    "$release" "$@" --root root >next.log 2>&1 || [[ $? == "$usual" ]] || fail "the next apply: $(cat next.log)"
    opened=no
    check_whole root yes
    [[ $state == "$usual_state" ]] || fail "the next apply ended $state"
    state=old
    if grep "$id" root/.bakehouse/history.jsonl | grep -q '"outcome":"good"'; then state=new; fi
  else
    "$release" recover --root root >next.log 2>&1 || fail "recover: $(cat next.log)"
    check_whole root "$journaled"
  fi
}

# Shows a run of equal states as one: "1-4 old, 5 new".
show() {
  local call=$1 first=1 n
  shift
  local -a states=("$@")
  printf '  %-10s' "$call"
  for ((n = 1; n <= ${#states[@]}; ++n)); do
    if ((n < ${#states[@]})) && [[ ${states[n]} == "${states[n - 1]}" ]]; then continue; fi
    printf ' %s:%s' "$first$( ((first == n)) || echo "-$n")" "${states[n - 1]}"
    first=$((n + 1))
  done
  printf '\n'
}

# A call that the program makes N times is made to fail N times; the one after the last does nothing.
kill_everywhere() {
  local fault=$1 call n
  shift
  printf '%s, %s\n' "$title" "$fault"
  for call in fdatasync renameat2 fsync syncfs; do
    local -a states=()
    for ((n = 1; ; ++n)); do
      if [[ $fault == error=* ]] && ((n > ${calls[$call]})); then break; fi
      one "$fault" "$call" "$n" "$@"
      if [[ $fault == signal=* && $ended != 137 ]]; then break; fi
      states+=("${state%% *}")
    done
    calls[$call]=${#states[@]}
    ((${#states[@]} > 0)) || fail "the program makes no $call"
    show "$call" "${states[@]}"
  done
}

# scenario TITLE RULE BASE COMMAND...: old and new are what stands before and after a run that nobody disturbs.
declare -A calls
scenario() {
  title=$1 rule=$2 base=$3 opened=no interrupted=no
  shift 3
  keep_contents "$base" old
  rm -rf root
  cp -a "$base" root
  usual=0
  "$release" "$@" --root root >run.log 2>&1 || usual=$?
  keep_contents root new
  usual_state=new
  if ((usual != 0)); then usual_state=old; fi
  where="$title, undisturbed"
  check_whole root yes
  [[ $state == "$usual_state" ]] || fail "it ended $state: $(cat run.log)"
  kill_everywhere signal=SIGKILL "$@"
}

where=preparation
trap 'cat prepare.log; rm -rf "$scratch"' EXIT
prepare
trap 'rm -rf "$scratch"' EXIT
scenario "the second release" always with-1.0 apply "$(archive 2.0)"
kill_everywhere error=EIO apply "$(archive 2.0)"
scenario "the second release, data staying once visitors were let in" closed with-1.0 apply "$(archive 4.0)"
scenario "a release that fails" always with-1.0 apply "$(archive 3.0)"
scenario "the first release" always empty apply "$(archive 1.0)"
scenario "a rollback" always with-2.0 rollback

# Recovery is a transaction's second half and may be cut off as well.
cp -a with-1.0 cut-off
disturbed signal=SIGKILL fdatasync 16 cut-off apply "$(archive 2.0)" || true
title="the recovery of the second release" rule=always base=cut-off interrupted=yes usual=0 usual_state=old
keep_contents with-1.0 old
keep_contents with-2.0 new
kill_everywhere signal=SIGKILL recover

if ((failures > 0)); then
  echo "kill.sh: $failures failures" >&2
  exit 1
fi
echo "always old or new, whole"
