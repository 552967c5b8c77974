#!/usr/bin/env bash
# One command at a time builds in a root, and one switches it. Others do not wait: they say who is at work.

make_staging
make_production
make_project source 1.0.0
make_archive 1.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet

# Somebody switches the production root.
exec 9>production/.bakehouse/switch.lock
flock 9
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run release rollback --root production
run release recover --root production

# Whoever only looks is not kept waiting.
run release status --root production
run release history --root production
run release verify --root production
exec 9>&-

# Somebody builds in the staging root.
exec 9>staging/.bakehouse/build.lock
flock 9
run bake ./source --root staging --as 2
exec 9>&-

# When they have ended, all works.
run bake ./source --root staging --as 2 --quiet
run release apply staging/releases/shop-2.tar.zst --root production --quiet
