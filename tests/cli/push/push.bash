# shellcheck shell=bash
# What the stories of pushes share: a shop to push, its remote, and gates at which a push stops until it is told
# to go on.

git config --global user.name baker
git config --global user.email baker@example.org
git config --global init.defaultBranch main
export GIT_AUTHOR_DATE=2026-01-31T12:00:00Z GIT_COMMITTER_DATE=2026-01-31T12:00:00Z

# make_shop: ~/staging, whose processes run during a deployment only, and ~/source, whose remote it is. Enters the
# latter, with a first commit of version v1.
make_shop() {
  bake key new shop.key --no-password --quiet
  bake init shop --root staging --key shop.key --quiet
  printf 'services: {driver: none}\n' >staging/node.yaml
  # git looks every second whether whoever pushes is there still.
  git -C staging/git/project.git config receive.keepAlive 1
  make_project source 1
  printf 'name: shop\nversion: git\n' >source/bake.yaml
  git init --quiet source
  cd source
  git add .
  git commit --quiet --message='The shop'
  git remote add staging "$HOME/staging/git/project.git"
}

# What git says of the transfer itself is its own affair.
push() {
  git push --quiet "$@" 2>&1 | sed -u -E -e 's/ +$//' -e '/^error: failed to push/d' -e 's|[0-9a-f]{40}|<commit>|g'
  return "${PIPESTATUS[0]}"
}

tip() { git -C ~/staging/git/project.git rev-parse --verify --quiet "$1" || echo none; }
# is_tip BRANCH COMMIT: of the remote, and of the working directory.
is_tip() { if [[ $(tip "$1") == "$(git rev-parse "$2")" ]]; then echo yes; else echo no; fi; }

# commit_page TEXT
commit_page() {
  printf '%s\n' "$1" >public/index.html
  git add .
  git commit --quiet --allow-empty --message="$1"
}

# add_gates HOOK...: of the source. Where a gate is closed the hook says that it is there, and waits.
add_gates() {
  local hook
  mkdir -p .bake/hooks ~/gates
  for hook in "$@"; do
    mkfifo ~/gates/"$hook".here ~/gates/"$hook".open
    cat >.bake/hooks/"$hook" <<HOOK
#!/bin/sh
gate=$HOME/gates/$hook
[ -e "\$gate.closed" ] || exit 0
echo here >"\$gate.here"
read -r status <"\$gate.open"
exit "\$status"
HOOK
    chmod 755 .bake/hooks/"$hook"
  done
}
close_gate() { touch ~/gates/"$1".closed; }
wait_at() { read -r -t 60 _ <~/gates/"$1".here; }
# open_gate HOOK [STATUS]: the hook ends with it.
open_gate() {
  rm -f ~/gates/"$1".closed
  echo "${2-0}" >~/gates/"$1".open
}

# wait_for_status PID: of a child.
wait_for_status() {
  local status=0
  wait "$1" || status=$?
  return "$status"
}
