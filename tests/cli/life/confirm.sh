#!/usr/bin/env bash
# A release that goes back by itself unless somebody confirms it.

make_staging
make_production
for version in 1.0 2.0 3.0; do
  make_project source $version
  make_archive $version
done
run release apply staging/releases/shop-1.0.tar.zst --confirm-within 10m --root production
release apply staging/releases/shop-1.0.tar.zst --root production --quiet

run release apply staging/releases/shop-2.0.tar.zst --confirm-within 10m --root production --quiet
run release status --root production
run release apply staging/releases/shop-3.0.tar.zst --root production
run release confirm --root production
run release confirm --root production

# Nobody confirms this one: its keeper goes back.
run release apply staging/releases/shop-3.0.tar.zst --confirm-within 1s --root production --quiet
is_back() { [[ $(cat production/run/public/index.html) == 'shop 2.0' && ! -e production/.bakehouse/provisional.json ]]; }
wait_until is_back
run release confirm --root production
run release status --root production
run release apply staging/releases/shop-3.0.tar.zst --confirm-within soon --root production
