#!/usr/bin/env bash
# An apply goes on when its terminal is gone, and can be followed from another one.

make_staging
make_production
make_project source 1.0
make_archive 1.0
make_project source 2.0
add_gate post_deploy migrating
make_archive 2.0
release apply staging/releases/shop-1.0.tar.zst --root production --quiet

run release apply staging/releases/shop-9.9.tar.zst --detach --root production
# In a session of its own, which ends with it.
run setsid --wait release apply staging/releases/shop-2.0.tar.zst --detach --root production
wait_for_gate
run release apply staging/releases/shop-1.0.tar.zst --root production
open_gate
run release log -f --root production
run release status --root production

run release apply staging/releases/shop-2.0.tar.zst --again --detach --json --root production
wait_for_gate
run release cancel --root production
run release log --follow --root production
