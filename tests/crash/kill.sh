#!/usr/bin/env bash
# The real programs, killed wherever a transaction changes the disk; the next command must leave the old release or
# the new one, whole.
#
#   kill.sh BAKE RELEASE WITHOUT [--full [WORDS]]        the paths of the programs
#
# A transaction runs once undisturbed, without threads, so that it makes the same calls each time; every call by which
# it changes the disk is counted. Then it is killed at each of them; without --full at a sample. Each call that makes
# something durable, or switches, fails once instead, as on a broken disk. With WORDS only scenarios whose title holds
# them.
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
without=$(realpath "${3:?"give the path of the program without"}")
mode=${4:-}
words=${5:-}
# shellcheck source=tests/crash/faults.bash
source "$(dirname "$(realpath "$0")")/faults.bash"

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

# source_of VERSION RULE LINES: a page, the rule by which data goes back, a migration of data/ in a shell's words, and
# templates of a file in run/ and of one outside of the root.
source_of() {
  mkdir -p "source-$1/.bake/hooks" "source-$1/.bake/templates/conf" "source-$1/sub/deep"
  # The places are the template's.
  # shellcheck disable=SC2016
  printf '${bakehouse.version} of ${host}\n' |
    tee "source-$1/.bake/templates/conf/app.ini" >"source-$1/.bake/templates/outside.conf"
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
  local way
  for way in exchange symlink inplace; do make_roots "$way"; done
) >prepare.log 2>&1

# make_roots WAY: WAY/empty, and WAY/with-1.0 and WAY/with-2.0, in which those are in service.
make_roots() {
  local runs=
  if [[ $1 == symlink ]]; then runs=', runs: runs'; fi
  mkdir "$1"
  cat >"$1/layout.yaml" <<END
name: layout
switch: $1
roles: {source-remote: git/a, pillar-remote: git/b, source: source, pillar: pillar, build: build, run: run$runs,
  data: data, deployments: deploy, releases: releases, archives: archives}
END
  "$release" init book --layout "./$1/layout.yaml" --root "$1/empty"
  "$release" trust add key.pub --root "$1/empty"
  # The root is copied and moved: no supervisor may live in it.
  cat >"$1/empty/node.yaml" <<END
services: {driver: none}
configuration: [{template: outside.conf, target: $scratch/outside/book.conf, mode: 0640}]
END
  mkdir "$1/empty/pillar" "$1/empty.outside"
  printf 'host: db\n' >"$1/empty/pillar/production.yaml"
  cp -a "$1/empty" "$1/with-1.0"
  bring_outside "$1/empty"
  "$release" apply "$(archive 1.0)" --root "$1/with-1.0"
  printf 'kept\n' >"$1/with-1.0/data/old"
  printf 'p\n' >"$1/with-1.0/data/pictures/one"
  cp -a "$1/with-1.0" "$1/with-2.0"
  cp -a outside "$1/with-1.0.outside"
  "$release" apply "$(archive 2.0)" --root "$1/with-2.0"
  cp -a outside "$1/with-2.0.outside"
}

# bring_outside BASE: what is outside of the root, as it was when BASE was made.
bring_outside() {
  rm -rf outside
  cp -a "$1.outside" outside
}

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

keep_contents() { # ROOT NAME [OUTSIDE]
  contents "${3:-$1.outside}" >"$2.outside"
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
  contents outside | diff "$state.outside" - >&2 || fail "the file outside of the root is not that of the $state release"
  if [[ -e $root/run ]]; then
    "$release" verify --root "$root" >verify.log 2>&1 || fail "verify: $(cat verify.log)"
    id=$(cat "$root/run/.bakehouse/deployment")
    [[ $(readlink "$root/deploy/current") == "$id" ]] || fail "deploy/current does not point to what run/ holds"
    current=$id
  fi
  for name in "$root"/.run.* "$root"/.data.* "$root"/deploy/.[!.]*; do
    [[ ! -e $name && ! -L $name ]] || fail "left over: $name"
  done
  for name in "$root"/deploy/*/ "$root"/runs/*/ "$root"/.bakehouse/deployments/*/; do
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

# check_told ROOT JOURNALED: whoever looks is told that a transaction was cut off, and looking changes nothing.
check_told() {
  local needed=false
  if [[ $2 == yes ]] && ! grep -aq '"record":"closed"' "$1/.bakehouse/journal"; then needed=true; fi
  "$release" status --json --root "$1" >status.json 2>&1 || fail "status before recovery: $(cat status.json)"
  grep -q "\"recovery_needed\":$needed" status.json || fail "status says otherwise: $(cat status.json)"
}

# A copy of $base; with `interrupted` one in which an apply was cut off. (Not a copy of that: what was replaced in place
# is known by its inode.)
set_up() {
  rm -rf root
  cp -a "$base" root
  bring_outside "$base"
  if [[ $interrupted == yes ]]; then
    disturbed signal=SIGKILL fdatasync 7 "$without" threads -- "$release" apply "$(archive 2.0)" --root root || true
  fi
}

# one FAULT CALL N COMMAND...: runs `release COMMAND` on a fresh copy with that fault at the Nth call, then the next
# command. Sets `state` to what the disturbed one came to, and `ended` to how it ended.
one() {
  local fault=$1 call=$2 n=$3 before id journaled=$interrupted
  shift 3
  where="$title, $fault at $call $n"
  set_up
  before=$(journaled_id root)
  ended=0
  disturbed "$fault" "$call" "$n" "$without" threads -- "$release" "$@" --root root || ended=$?
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
    if [[ $journaled == yes ]] && grep "$id" root/.bakehouse/history.jsonl | grep -q '"outcome":"good"'; then
      state=new
    fi
  else
    "$release" recover --root root >next.log 2>&1 || fail "recover: $(cat next.log)"
    check_whole root "$journaled"
  fi
}

# The calls of a run, one "CALL N" a line: those that change the disk, or those alone that must not fail unnoticed.
chosen() { # all | durable | synced
  case $1,$mode in
    all,--full) awk '{ print $2, $3 }' calls ;;
    all,*) awk -v step=$((calls / 14 + 1)) 'NR % step == 0 { print $2, $3 }' calls ;;
    durable,--full) awk '$2 ~ /sync$|^syncfs$|^renameat2$/ { print $2, $3 }' calls ;;
    synced,--full) awk '$2 ~ /sync$|^syncfs$/ { print $2, $3 }' calls ;;
    synced,*) awk '$2 ~ /sync$|^syncfs$/ && ++n % 4 == 0 { print $2, $3 }' calls ;;
    durable,*) awk '$2 ~ /sync$|^syncfs$|^renameat2$/ && ++n % 4 == 0 { print $2, $3 }' calls ;;
  esac
}

# strike FAULT WHICH COMMAND...: at each of the chosen calls of a run on a copy of $base.
strike() {
  [[ $title == *"$words"* ]] || return 0
  local fault=$1 which=$2 call n tried=0 missed=0 old=0
  shift 2
  while read -r call n; do
    one "$fault" "$call" "$n" "$@"
    # It looks through /proc as well, where others come and go, and some of its calls have another number then.
    if [[ $fault == signal=* && $ended != 137 ]]; then missed=$((missed + 1)); fi
    tried=$((tried + 1))
    if [[ $state == old ]]; then old=$((old + 1)); fi
  done < <(chosen "$which")
  printf '%-60s %-15s %4d of %4d calls: %4d old, %4d new\n' "$title" "$fault" "$tried" "$calls" "$old" $((tried - old))
  ((tried > missed * 5)) || fail "$missed of $tried calls were not disturbed"
}

count_calls() { # COMMAND...
  set_up
  # Of a release that fails it is not 0.
  calls_of "$scratch" "$without" threads -- "$release" "$@" --root root >calls.all || true
  grep '^changes' calls.all >calls || fail "no call was counted: $(cat calls.log)"
  calls=$(wc -l <calls)
}

# scenario TITLE RULE BASE COMMAND...: old and new are what stands before and after a run that nobody disturbs.
scenario() {
  title=$1 rule=$2 base=$3 opened=no interrupted=no
  [[ $title == *"$words"* ]] || return 0
  shift 3
  keep_contents "$base" old
  rm -rf root
  cp -a "$base" root
  bring_outside "$base"
  usual=0
  "$release" "$@" --root root >run.log 2>&1 || usual=$?
  keep_contents root new outside
  usual_state=new
  if ((usual != 0)); then usual_state=old; fi
  where="$title, undisturbed"
  check_whole root yes
  [[ $state == "$usual_state" ]] || fail "it ended $state: $(cat run.log)"
  count_calls "$@"
  strike signal=SIGKILL all "$@"
}

where=preparation
trap 'cat prepare.log; rm -rf "$scratch"' EXIT
prepare
trap 'rm -rf "$scratch"' EXIT
scenario "the second release" always exchange/with-1.0 apply "$(archive 2.0)"
strike error=EIO durable apply "$(archive 2.0)"
scenario "the second release, switched by a link" always symlink/with-1.0 apply "$(archive 2.0)"
scenario "the second release, in place" always inplace/with-1.0 apply "$(archive 2.0)"
# It does without exchanges where there are none.
strike error=EIO synced apply "$(archive 2.0)"
scenario "the second release, visitors let in" closed exchange/with-1.0 apply "$(archive 4.0)"
scenario "a release that fails" always exchange/with-1.0 apply "$(archive 3.0)"
scenario "a release that fails, in place" always inplace/with-1.0 apply "$(archive 3.0)"
scenario "the first release" always exchange/empty apply "$(archive 1.0)"
scenario "a rollback" always exchange/with-2.0 rollback
scenario "a rollback, switched by a link" always symlink/with-2.0 rollback

# Recovery is a transaction's second half and may be cut off as well.
for way in exchange inplace; do
  title="the recovery of the second release, $way" rule=always base=$way/with-1.0 interrupted=yes usual=0 usual_state=old
  keep_contents $way/with-1.0 old
  keep_contents $way/with-2.0 new
  count_calls recover
  strike signal=SIGKILL all recover
done

# A root that begins with a tree deployed by hand is whole or none; of one that is none the next try tells, or it is
# as good as the first.
adopt=("$release" init book --adopt by-hand --layout ./exchange/layout.yaml --root root)
title="an adoption" whole=0 tried=0
mkdir -p by-hand/sub
echo 'page by hand' | tee by-hand/index.html >by-hand/sub/page
rm -rf root
calls_of "$scratch" "$without" threads -- "${adopt[@]}" >calls.all
grep '^changes' calls.all >calls
while read -r call n; do
  where="$title, killed at $call $n" ended=0
  tried=$((tried + 1))
  rm -rf root
  disturbed signal=SIGKILL "$call" "$n" "$without" threads -- "${adopt[@]}" || ended=$?
  # Which of its threads copies a file, and so the number of a call, is not the same each time.
  ((ended == 137 || ended == 0)) || fail "it ended with $ended: $(cat run.log)"
  if [[ -e root/.bakehouse/root.json ]]; then
    whole=$((whole + 1))
  elif ! "${adopt[@]}" >next.log 2>&1; then
    grep -q 'rm -r root' next.log || fail "the next try does not say what to remove: $(cat next.log)"
    rm -r root
    "${adopt[@]}" >next.log 2>&1 || fail "the next try: $(cat next.log)"
  fi
  "$release" verify --root root >verify.log 2>&1 || fail "verify: $(cat verify.log)"
done < <(chosen all)
printf '%-60s %-15s %4d of %4d calls: %4d none, %4d whole\n' "$title" signal=SIGKILL "$tried" "$(wc -l <calls)" \
  $((tried - whole)) "$whole"
((tried > whole)) || fail "no adoption was cut off"

if ((failures > 0)); then
  echo "kill.sh: $failures failures" >&2
  exit 1
fi
echo "always old or new, whole"
