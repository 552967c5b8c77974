#!/usr/bin/env bash
# A branch is served beside the others, at a port of its own, and is taken away again without a trace.

command -v git >/dev/null || skip "git is not installed"
# shellcheck source=tests/cli/push/push.bash
source "$BAKEHOUSE_SOURCE_DIR/tests/cli/push/push.bash"

make_shop
# The variables are the service's.
# shellcheck disable=SC2016
printf 'web: cp public/index.html "$BAKEHOUSE_DATA/page"; echo "$PORT" >"$BAKEHOUSE_DATA/port"; exec sleep 600\n' >Procfile
cat >../staging/node.yaml <<'YAML'
services: {driver: supervisor, log-keep: 2}
processes: {web: {port: 28480}}
notify: [{command: [/bin/true]}]
YAML
trap 'release stop --root "$HOME/staging" --quiet' EXIT
commit_page "the shop"
preview() { bake init shop --root ../look --like ../staging --branch new/look "$@"; }
run preview
push staging main >/dev/null
run preview
git checkout --quiet -b new/look
commit_page "a new look"
push staging -o skip-deploy new/look >/dev/null

run preview --quiet
run cat ../look/data/page
own_port() { if [[ $(<../look/data/port) == $(<../staging/data/port) ]]; then echo "the port is the same"; fi; }
run own_port
run release status --root ../look
run cat ../staging/data/page

# It has a remote of its own, where that branch is deployed.
git remote add look "$HOME/look/git/project.git"
commit_page "a newer look"
run git push --quiet look new/look --porcelain 2>/dev/null
shows_newer() { grep -q newer ../look/data/page; }
wait_until shows_newer
run cat ../look/data/page

# Nothing but a preview is removed, and all of it.
run bake init shop --remove --root ../staging
supervisor=$(pgrep -f "supervise $HOME/look/.bakehouse")
run bake init shop --remove --root ../look
run ls ../look
is_gone() { ! kill -0 "$supervisor" 2>/dev/null; }
wait_until is_gone
run release status --root ../staging
