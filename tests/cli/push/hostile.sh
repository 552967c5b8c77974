#!/usr/bin/env bash
# Repositories that nobody means well with: nothing of them is executed, nothing is written elsewhere, and what no
# release can hold is refused by its name.

command -v git >/dev/null || skip "git is not installed"
# shellcheck source=tests/cli/push/push.bash
source "$BAKEHOUSE_SOURCE_DIR/tests/cli/push/push.bash"
make_shop
push staging main >/dev/null

# What a commit holds beside the shop, one entry, written as git itself never would; and what comes of its push.
push_entry() {
  local tree commit
  tree=$({ git ls-tree HEAD; printf '%s\n' "$1"; } | git mktree --missing)
  commit=$(git commit-tree -p HEAD -m "hostile" "$tree")
  push staging "$commit:refs/heads/main"
}
# The text may hold escapes.
# shellcheck disable=SC2059
blob() { printf "$1" | git hash-object -w --stdin; }
inner_tree() { printf '%s\n' "$1" | git mktree --missing; }
hook=$(blob '#!/bin/sh\ntouch ~/executed\n')
refused() { push_entry "$1" | grep -E '^remote: (bake|  |in service)'; }

# A repository in the repository, by its name on any file system; its hooks would run at the next command of git.
dot_git=$(inner_tree "040000 tree $(inner_tree "100755 blob $hook	post-checkout")	hooks")
run refused "040000 tree $dot_git	.git"
run refused "040000 tree $dot_git	.GIT"
run refused "040000 tree $(inner_tree "040000 tree $dot_git	.git")	vendor"

# Links that lead out, so that what comes after them is written elsewhere.
run refused "120000 blob $(blob '/etc')	etc"
run refused "120000 blob $(blob '../../outside')	outside"
run refused "120000 blob $(blob '')	empty"

# Submodules, one of them with a carriage return behind its name; a file that is not in the repository.
run refused "160000 commit $(git rev-parse HEAD)	library"
run refused "160000 commit $(git rev-parse HEAD)	$(printf 'library\r')"
run refused "100644 blob $(blob 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n')	logo.png"

# Names that lead out.
run refused "100644 blob $hook	.."
run refused "040000 tree $(inner_tree "100644 blob $hook	escaped")	.."

# Filters, hooks and settings of whoever bakes are not asked.
git config --global filter.evil.smudge 'touch ~/executed; cat'
printf 'public/* filter=evil\n' >.gitattributes
git add .gitattributes
git commit --quiet --message='Filters'
run push staging main
run cat ../staging/run/public/index.html
run test -e ../executed

# The same of a bake of the repository itself.
git -C ../staging/git/project.git config core.fsmonitor 'touch ~/executed'
run bake ../staging/git/project.git --root ../staging --no-apply --as 9 --quiet
run test -e ../executed
