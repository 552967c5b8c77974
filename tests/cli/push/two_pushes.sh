#!/usr/bin/env bash
# Two pushes at once: the second waits for the first, and is told that the branch has moved.

command -v git >/dev/null || skip "git is not installed"
# shellcheck source=tests/cli/push/push.bash
source "$BAKEHOUSE_SOURCE_DIR/tests/cli/push/push.bash"
make_shop
add_gates pre_install post_build
commit_page 'shop 1'
push staging main >/dev/null
git -C ~ clone --quiet --branch main staging/git/project.git other

the_first() { wait_for_status "$one"; }
the_second() { wait_for_status "$two"; }

# The first one stops in its hook pre_install until the gate is opened.
close_gate pre_install
commit_page 'shop 2, by one'
push staging main >../one.log 2>&1 &
one=$!
wait_at pre_install

# The second one began from the same commit.
cd ../other
commit_page 'shop 2, by another'
push origin main >../two.log 2>&1 &
two=$!
wait_until grep -qs 'waiting for' ../two.log
open_gate pre_install
wait "$one"
run the_second
# It may have waited once more, until the branch had moved, for one who has just taken over the lock.
run grep -v -e 'until the branch has moved' -e 'has not said who' ../two.log
run cat ../staging/run/public/index.html
cd ../source
run is_tip main HEAD

# When the first one fails, the second goes on from the same commit.
git -C ../other fetch --quiet origin
git -C ../other reset --quiet --hard origin/main
close_gate post_build
commit_page 'shop 3, by one'
push staging main >../one.log 2>&1 &
one=$!
wait_at post_build
cd ../other
commit_page 'shop 3, by another'
push origin main >../two.log 2>&1 &
two=$!
wait_until grep -qs 'waiting for' ../two.log
open_gate post_build 3
run the_first
run the_second
run cat ../staging/run/public/index.html
run is_tip main HEAD
