#!/usr/bin/env bash
# What somebody changed in run/, and what one deployment changed of another.

make_staging
make_production
run release diff --root production
make_project source 1.0.0
echo first >source/gone
make_archive 1.0.0
rm source/gone
echo 2 >source/public/new.html
echo 'Welcome to 2' >source/public/index.html
chmod +x source/Procfile
make_archive 2.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
release apply staging/releases/shop-2.0.0.tar.zst --root production --quiet
run release diff --root production

# By hand, on the node: a page mended, a mode, a picture.
printf 'Welcome\tto 2\n' >production/run/public/index.html
chmod 600 production/run/bake.yaml
printf '\0\1\2' >production/run/public/picture
run release diff --root production
run release diff --root production --json
run release diff --root production --quiet

# What it prints, `patch` and `git apply` take, backwards here; of what is no text and of other modes it only tells.
rm production/run/public/picture
release diff --root production >by-hand.patch || true
run patch -s -R -p1 -d production/run -i ../../by-hand.patch
run release diff --root production
chmod 644 production/run/bake.yaml

# Deployments are named as the history names them.
deployment_of() { release history --root production | awk -v version="$1" '$4 == version { print $5 }'; }
run release diff "$(deployment_of 1.0.0)" --root production
run release diff "$(deployment_of 2.0.0)" "$(deployment_of 1.0.0)" --root production --json
run release diff "$(deployment_of 2.0.0)" --root production
run release diff 2.0.0 --root production

# Of one that failed nothing is left, and of one that was pruned neither.
mkdir -p source/.bake/hooks
printf '#!/bin/sh\nexit 3\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 3.0.0
release apply staging/releases/shop-3.0.0.tar.zst --root production --quiet 2>/dev/null || true
run release diff "$(deployment_of 3.0.0)" --root production
rm -r source/.bake
printf 'keep: {content: {last: 1}}\n' >>source/bake.yaml
make_archive 4.0.0
release apply staging/releases/shop-4.0.0.tar.zst --root production --quiet
run release diff "$(deployment_of 1.0.0)" --root production
