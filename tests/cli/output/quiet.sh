#!/usr/bin/env bash
# --quiet: errors and warnings, nothing else.

run bake key new shop.key --no-password --quiet
run bake init shop --root staging --key shop.key --quiet
make_project source 1.0
run bake ./source --root staging --quiet
run release init shop --root production --quiet
run release trust add shop.pub --root production --quiet
run release apply staging/releases/shop-1.0.tar.zst --root production --quiet
run release status --root production --quiet
run release verify --root production --quiet

# A warning is shown: a FIFO cannot travel.
mkfifo source/pipe
run bake ./source --root staging --as 1.1 --no-apply --quiet

# An error is, too.
run release rollback --root production --quiet
