#!/usr/bin/env bash
# A git repository as the source: the commit is what is built, and its tag is the version.

command -v git >/dev/null || skip "git is not installed"
command -v zstd >/dev/null || skip "zstd is not installed"
git config --global user.name baker
git config --global user.email baker@example.org
export GIT_AUTHOR_DATE=2026-01-31T12:00:00Z GIT_COMMITTER_DATE=2026-01-31T12:00:00Z

make_staging
make_project source 1
printf 'name: shop\nversion: git\n' >source/bake.yaml
printf '*.log\n/cache/\n' >source/.gitignore
cd source
git init --quiet --initial-branch=master

# Without a commit there is nothing to build.
run bake . --root ../staging --no-apply

git add .
git commit --quiet --message='The shop'
git tag v1.0
run git describe --tags
run bake . --root ../staging --no-apply

# One commit later.
echo 'Welcome back' >public/index.html
git commit --quiet --all --message='A warmer welcome'
run git describe --tags
run bake . --root ../staging --no-apply --quiet

# Files that git ignores stay out, and do not count as a change.
echo noise >debug.log
mkdir cache
echo noise >cache/entry
run bake . --root ../staging --no-apply --quiet

# A work tree that differs from its commit is built as it stands, and its version says so.
echo 'Not committed' >public/news.html
run bake . --root ../staging --no-apply --quiet
cd ..
run ls staging/releases
run tar --zstd -tf staging/releases/shop-v1.0.tar.zst
run tar --zstd -tf staging/releases/shop-v1.0-1-g*-dirty.*.tar.zst

# A bare repository, such as the one in the root to push to, is a source as well.
git -C source push --quiet -o skip-deploy ../staging/git/project.git master v1.0
run bake staging/git/project.git --root staging --as 1.1 --no-apply --quiet
run tar --zstd -tf staging/releases/shop-1.1.tar.zst

# It is what is baked where no source is named and none is checked out in the root.
run bake --root staging --as 1.1.1 --no-apply --quiet
run tar --zstd -tf staging/releases/shop-1.1.1.tar.zst

# A submodule is refused by name.
git -C source update-index --add --cacheinfo "160000,$(git -C source rev-parse HEAD),vendor/lib"
git -C source commit --quiet --message='A submodule'
run bake ./source --root staging --as 1.2 --no-apply
