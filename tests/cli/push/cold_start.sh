#!/usr/bin/env bash
# From nothing to a page that is served: `bake init`, `git push`. A push that fails changes nothing.

command -v git >/dev/null || skip "git is not installed"
git config --global user.name baker
git config --global user.email baker@example.org
git config --global init.defaultBranch main
export GIT_AUTHOR_DATE=2026-01-31T12:00:00Z GIT_COMMITTER_DATE=2026-01-31T12:00:00Z

run bake init shop --root staging
trap 'release stop --root "$HOME/staging" --quiet' EXIT

make_project source 1
printf 'name: shop\nversion: git\n' >source/bake.yaml
git init --quiet source
cd source
git add .
git commit --quiet --message='The shop'
git tag v1
git remote add staging ../staging/git/project.git

# What git says of the transfer itself is its own affair.
push() {
  git push --quiet "$@" 2>&1 | sed -E -e 's/ +$//' -e '/^error: failed to push/d' -e "s|[0-9a-f]{40}|<commit>|g"
  return "${PIPESTATUS[0]}"
}
tip() { git -C ../staging/git/project.git rev-parse --verify --quiet "$1" || echo "no $1"; }
is_tip() { if [[ $(tip "$1") == "$(git rev-parse "$2")" ]]; then echo yes; else echo no; fi; }

# The tag travels with its commit and names the version.
run push staging main v1
run is_tip main HEAD
run cat ../staging/run/public/index.html
run release status --root ../staging

# Tests that fail: the push is refused, the branch does not move, the old one serves.
mkdir -p .bake/hooks
cat >.bake/hooks/post_build <<'HOOK'
#!/bin/sh
echo "testing..."
grep -q welcome public/index.html || { echo "the page welcomes nobody"; exit 1; }
HOOK
chmod 755 .bake/hooks/post_build
echo 'shop 2' >public/index.html
git add .
git commit --quiet --message='Tests'
run push staging main
run is_tip main v1
run cat ../staging/run/public/index.html

# Mended, it goes through.
echo 'welcome to shop 2' >public/index.html
git commit --quiet --all --message='A welcome'
run push staging -o version=2.0 main
run is_tip main HEAD
run cat ../staging/run/public/index.html
run release status --root ../staging

# Other branches, and what is told not to, are not deployed.
run push staging HEAD:refs/heads/idea
echo 'welcome to shop 3' >public/index.html
git commit --quiet --all --message='Three'
run push staging -o skip-deploy main
run is_tip main HEAD
run cat ../staging/run/public/index.html

# What would lose commits is refused before anything is built, and so are two branches at once.
run push staging --force main~1:main
run push staging --delete main
git branch master
git commit --quiet --allow-empty --message='Four'
run push staging main master
run push staging -o no-such-option main
run is_tip main HEAD~1

# The remote is a source like any other: what is on its branch.
run bake ../staging/git/project.git --root ../staging --as 3 --no-apply
