#!/usr/bin/env bash
# Whoever takes part in a push may be killed at any moment: then what serves is what the branch says, at once, or
# after the next command has taken up what was left.

command -v git >/dev/null || skip "git is not installed"
command -v flock >/dev/null || skip "flock is not installed"
# shellcheck source=tests/cli/push/push.bash
source "$BAKEHOUSE_SOURCE_DIR/tests/cli/push/push.bash"
make_shop
# `dump` is the old release's; the switch comes after it, and the commit after `upgrade`.
add_gates pre_install post_build dump post_deploy upgrade post_install
commit_page 'the first page'
push staging main >/dev/null
page=0

# Nobody works in the remote any more: neither git nor bake, nor whoever waits for git to move the branch.
is_quiet() { [[ -z $(find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$HOME/staging/git/project.git*" 2>/dev/null) ]]; }
is_gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
bakes() { sed -n 's/.*, process \([0-9]*\),.*/\1/p' ~/staging/.bakehouse/build.lock; }
parent_of() { sed -n 's/^PPid:\t//p' "/proc/$1/status"; }

begin_push() {
  page=$((page + 1))
  commit_page "page $page"
  git push --quiet staging main >../push.log 2>&1 &
  client=$!
  disown  # the shell is not to tell of its end
}

# What is there when all have gone: is it one thing?
tell() {
  wait_until is_quiet
  wait_until is_gone "$client"
  local serves branch
  serves=$(<../staging/run/public/index.html)
  branch=$(git -C ../staging/git/project.git show main:public/index.html)
  [[ $serves == "page $page" ]] && serves="the new page"
  [[ $branch == "page $page" ]] && branch="the new page"
  [[ $serves == "$before" ]] && serves="the old page"
  [[ $branch == "$before" ]] && branch="the old page"
  echo "$1: $serves serves, the branch holds $branch"
  # Whatever it is, the next push goes through from there.
  git reset --quiet --soft "$(tip main)"
}

# killed WHO HOOK: while it is at the gate of the hook. Before the switch the bake ends with its sender; behind it,
# it goes on.
killed() {
  local who=$1 hook=$2 bake git
  before=$(<../staging/run/public/index.html)
  close_gate "$hook"
  begin_push
  wait_at "$hook"
  bake=$(bakes)
  git=$(parent_of "$bake")
  case $who in
    client) kill -KILL "$client" ;;
    git) kill -KILL "$git" ;;
    bake) kill -KILL "$bake" ;;
    terminal) kill -INT "$client" "$git" "$bake" ;;
  esac
  rm -f ~/gates/"$hook".closed
  [[ $who == bake ]] || wait_until has_noticed "$bake"
  # Opened without waiting for somebody behind it, who may have been ended.
  wait_until let_through "$hook" "$bake"
  tell "$who killed in $hook"
}
# A bake that knows that nobody reads what it prints any more prints to nowhere.
has_noticed() { is_gone "$1" || [[ $(readlink "/proc/$1/fd/2") == /dev/null ]]; }
let_through() {
  is_gone "$2" && return
  # shellcheck disable=SC2016  # for the inner shell
  timeout 0.2 bash -c 'echo 0 >"$1"' open ~/gates/"$1".open || is_gone "$2"
}

without_ids() { "$@" 2>&1 | sed -E 's/\b([0-9a-f]{40}|[0-9a-f]{7})\b/<commit>/g'; }

# 1: it waits for somebody else who bakes.
exec {lock}<>../staging/.bakehouse/build.lock
flock "$lock"
before=$(<../staging/run/public/index.html)
begin_push
wait_until grep -q 'waiting for' ../push.log
kill -KILL "$client"
wait_until is_quiet
exec {lock}>&-
tell "client killed in the queue"

# 2 to 7: before the switch.
killed client pre_install
killed client post_build
killed git pre_install
killed terminal post_build
killed bake post_build
killed client dump

# 8 to 11: behind it, all but one go on to the end.
killed client post_deploy
killed git upgrade
killed terminal post_deploy
killed git post_install

# 12: of bake itself, the next command undoes what it had begun...
killed bake post_deploy
run without_ids release recover --root ../staging
tell "then"

# 13: ...or, where the new release counted already, says what is left to do.
killed bake post_install
run without_ids bake . --root ../staging --as next --no-apply --quiet
run without_ids bake receive project --repair --root ../staging
run bake receive project --repair --root ../staging
tell "then"
