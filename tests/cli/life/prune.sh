#!/usr/bin/env bash
# What deployments of the past leave is kept by a rule of the project's, and on a full disk only what is needed.

make_staging
make_production
for version in 1 2 3 4; do
  make_project source "$version"
  printf 'keep: {content: {last: 3}, data: {last: 1}}\n' >>source/bake.yaml
  make_archive "$version"
done
deployment_of() { release history --root production | awk -v version="$1" '$4 == version { print $5 }'; }
release apply staging/releases/shop-1.tar.zst --root production --quiet
release apply staging/releases/shop-2.tar.zst --root production --quiet
release apply staging/releases/shop-3.tar.zst --root production --quiet
run release prune --dry-run --root production
run release pin "$(deployment_of 1)" --root production
run release apply staging/releases/shop-4.tar.zst --root production
run release prune --root production
run release pin "$(deployment_of 1)" --off --root production
run release prune --dry-run --json --root production
run release prune --root production
run release prune --emergency --root production
run release prune --emergency --root production
run release rollback "$(deployment_of 2)" --root production
run release rollback --root production --quiet
run release status --root production
