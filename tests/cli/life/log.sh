#!/usr/bin/env bash
# What a deployment said can be read later, also when it failed and nobody was looking.

make_staging
make_production
make_project source 1.0.0
make_archive 1.0.0
make_project source 2.0.0
mkdir -p source/.bake/hooks
printf '#!/bin/sh\necho converting\nprintf "half \\033[31mdone\\n"\nexit 3\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 2.0.0

run release log --root production
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
release apply staging/releases/shop-2.0.0.tar.zst --root production --quiet 2>/dev/null || true
run release log --root production
deployment_of() { release history --root production | awk -v version="$1" '$4 == version { print $5 }'; }
run release log "$(deployment_of 1.0.0)" --root production
run release log ../../etc/passwd --root production
run release log 20260101T000000Z-00000000-0000-7000-8000-000000000000 --root production
