#!/usr/bin/env bash
# Before a holiday somebody freezes the node: nothing is applied until it is thawed. Going back stays possible.

make_staging
make_production
make_project source 1.0.0
make_archive 1.0.0
make_project source 2.0.0
make_archive 2.0.0
make_archive 3.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
release apply staging/releases/shop-2.0.0.tar.zst --root production --quiet

run release freeze 'nobody is here until Monday' --root production
run release freeze 'another reason' --root production
run release apply staging/releases/shop-3.0.0.tar.zst --root production
run release status --root production
run release rollback --root production --quiet

run release thaw --root production
run release thaw --root production
run release apply staging/releases/shop-3.0.0.tar.zst --root production --quiet
run release freeze '' --root production
