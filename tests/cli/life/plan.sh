#!/usr/bin/env bash
# What an apply would do, before it does it; and an apply of exactly that.

make_staging
make_production
make_project source 1.0.0
printf 'keep: {content: {last: 2}}\n' >>source/bake.yaml
mkdir -p source/.bake/hooks
printf '#!/bin/sh\nexit 0\n' >source/.bake/hooks/dump
cp source/.bake/hooks/dump source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/*
echo first >source/gone
make_archive 1.0.0
echo 2 >source/public/index.html
rm source/gone
echo 2 >source/public/new.html
chmod +x source/Procfile
make_archive 2.0.0
echo 3 >source/public/index.html
make_archive 3.0.0

run release plan staging/releases/shop-1.0.0.tar.zst --root production
run release status --root production
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run release plan staging/releases/shop-2.0.0.tar.zst --root production
run release plan staging/releases/shop-2.0.0.tar.zst --root production --json

# The same thing has the same name, as long as it is the same.
plan_of() { release plan "staging/releases/shop-$1.tar.zst" --root production "${@:2}" | sed -n 's/^plan //p'; }
plan=$(plan_of 2.0.0)
[[ $plan == "$(plan_of 2.0.0)" ]] || echo "another id for the same plan"
[[ $plan != "$(plan_of 2.0.0 --set processes.web.port=9000)" ]] || echo "the same id for another configuration"
apply_as_planned() { release apply "staging/releases/shop-$1.tar.zst" --plan "$plan" --root production --quiet; }
echo by hand >production/run/public/extra.html
run apply_as_planned 2.0.0
rm production/run/public/extra.html
run apply_as_planned 3.0.0
run apply_as_planned 2.0.0
run apply_as_planned 2.0.0

# What would be refused is refused now, and drift is told.
echo by hand >production/run/public/extra.html
run release plan staging/releases/shop-3.0.0.tar.zst --root production
run release plan staging/releases/shop-1.0.0.tar.zst --root production
