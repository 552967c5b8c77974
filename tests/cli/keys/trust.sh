#!/usr/bin/env bash
# A node accepts what keys it trusts have signed, and nothing else.

make_staging
make_project source 1.0.0
make_archive 1.0.0
release init shop --root production --quiet
printf 'services: {driver: none}\n' >production/node.yaml

# Nobody is trusted at first.
run release trust list --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run release trust add shop.pub --root production
run release trust list --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet

# Twice is once.
run release trust add shop.pub --root production
run release trust list --root production

# A secret key does not belong here, nor does anything else.
run release trust add shop.key --root production
run release trust add source/bake.yaml --root production

# By name or by the id that `trust list` prints.
run release trust remove shop --root production
run release trust remove shop --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production
