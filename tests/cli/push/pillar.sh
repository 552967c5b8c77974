#!/usr/bin/env bash
# The configuration is pushed like the source: it is checked out, and what is in service is applied anew with it.

command -v git >/dev/null || skip "git is not installed"
# shellcheck source=tests/cli/push/push.bash
source "$BAKEHOUSE_SOURCE_DIR/tests/cli/push/push.bash"
make_shop
add_gates post_deploy
commit_page 'the shop'
git init --quiet ../values
cd ../values
git remote add staging ~/staging/git/pillar.git
tip_of_pillar() { git -C ~/staging/git/pillar.git show main:common.yaml 2>/dev/null || echo nothing; }
# push_value TEXT
push_value() {
  echo "greeting: $1" >common.yaml
  git add .
  git commit --quiet --message="$1"
  push staging main
}

the_push() { wait_for_status "$pushed"; }

# Of the root's owner alone.
run stat -c '%a %n' ../staging/pillar ../staging/git/pillar.git

# Hooks that somebody has for all repositories do not take the place of these.
git config --global core.hooksPath /nowhere

# Nothing is in service yet that would need it.
run push_value welcome
run cat ../staging/pillar/common.yaml

cd ../source
push staging main >/dev/null
cd ../values
run push_value 'good evening'
run cat ../staging/pillar/common.yaml
run tip_of_pillar
run stat -c '%a %n' ../staging/pillar

# When the apply fails all is as before: branch, values, and what serves.
close_gate post_deploy
push_value 'good night' >../push.log 2>&1 &
pushed=$!
wait_at post_deploy
run cat ../staging/pillar/common.yaml
open_gate post_deploy 1
run the_push
run grep 'branch stays' ../push.log
run cat ../staging/pillar/common.yaml
run tip_of_pillar

# Killed in the middle, the next push takes up what was left.
close_gate post_deploy
push_value 'good morning' >../push.log 2>&1 &
pushed=$!
wait_at post_deploy
kill -KILL "$(sed -n 's/.*, process \([0-9]*\),.*/\1/p' ~/staging/.bakehouse/build.lock)"
rm ~/gates/post_deploy.closed
run the_push
run cat ../staging/pillar/common.yaml
run tip_of_pillar
# Until then the pillar may be exchanged for another one: nothing is written to it.
run bake secret list --root ../staging
next_bake() { bake ../source --root ../staging --no-apply --quiet 2>&1 | sed -E "s/\b[0-9a-f]{7}\b/<commit>/"; }
run next_bake
run cat ../staging/pillar/common.yaml
run push_value 'hello again'
run cat ../staging/pillar/common.yaml
run tip_of_pillar

# Another environment's branch is none of ours.
printf 'services: {driver: none}\npush: {branches: {main: production, next: staging}}\n' >../staging/node.yaml
run push_value 'not here'
run cat ../staging/pillar/common.yaml
printf 'services: {driver: none}\npush: {branches: {main: No Name}}\n' >../staging/node.yaml
run push_value 'nowhere'
