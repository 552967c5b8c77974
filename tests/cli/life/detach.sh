#!/usr/bin/env bash
# An apply goes on when its terminal is gone, and can be followed from another one.

make_staging
make_production
make_project source 1.0
make_archive 1.0
make_project source 2.0
mkdir -p source/.bake/hooks
# The variable is the hook's.
# shellcheck disable=SC2016
printf '#!/bin/sh\necho migrating\nuntil [ -e "$BAKEHOUSE_ROOT/go" ]; do sleep 0.05; done\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 2.0
release apply staging/releases/shop-1.0.tar.zst --root production --quiet

run release apply staging/releases/shop-9.9.tar.zst --detach --root production
# In a session of its own, which ends with it.
run setsid --wait release apply staging/releases/shop-2.0.tar.zst --detach --root production
is_migrating() { grep -qs migrating production/.bakehouse/hooks.log; }
wait_until is_migrating
run release apply staging/releases/shop-1.0.tar.zst --root production
touch production/go
run release log -f --root production
run release status --root production

rm production/go production/.bakehouse/hooks.log
run release apply staging/releases/shop-2.0.tar.zst --again --detach --json --root production
wait_until is_migrating
run release cancel --root production
run release log --follow --root production
