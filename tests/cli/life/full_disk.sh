#!/usr/bin/env bash
# A full disk: nothing can be applied, until what nobody needs is removed, which needs no room itself.

((EUID == 0)) || skip "only root may mount a small file system"
mkdir production
mount -t tmpfs -o size=3m none production 2>/dev/null || skip "this machine does not let one mount a file system"
trap 'umount production' EXIT

make_staging
make_production
for version in 1 2 3 4; do
  make_project source "$version"
  head -c 50000 /dev/urandom >source/picture
  make_archive "$version"
done
for version in 1 2 3; do
  release apply "staging/releases/shop-$version.tar.zst" --root production --quiet
done
cat /dev/zero >production/data/log 2>/dev/null || true
apply_fails() { release apply staging/releases/shop-4.tar.zst --root production 2>&1 | sed -E 's/(need|would free|,) [0-9]+ /\1 <number> /g'; }
run apply_fails
run release prune --emergency --root production
rm production/data/log
run release apply staging/releases/shop-4.tar.zst --root production --quiet

# A release that fills the disk while it migrates is undone all the same: what undo writes has its room reserved.
release rollback --root production --quiet
release prune --emergency --root production --quiet
head -c 300000 /dev/urandom >production/data/book
cp production/data/book book
make_project source 5
mkdir -p source/.bake/hooks
# The variable is the hook's.
# shellcheck disable=SC2016
printf '#!/bin/sh\nset -e\nrm "$BAKEHOUSE_DATA/book"\ncat /dev/zero >"$BAKEHOUSE_DATA/log"\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 5
run release apply staging/releases/shop-5.tar.zst --root production
run cmp book production/data/book
run ls production/data
run release verify --root production
