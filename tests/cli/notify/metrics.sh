#!/usr/bin/env bash
# Numbers for Prometheus, in a file that is whole at every moment.

make_staging
make_production
make_project source 1.0
make_archive 1.0
release apply staging/releases/shop-1.0.tar.zst --root production --quiet
release serve --root production --quiet &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
runs() { release status --check --root production --quiet; }
wait_until runs

mkdir metrics
run release metrics --root production --output metrics/shop.prom
run stat -c '%a %n' metrics/shop.prom
# What differs from run to run is a word here.
numbers() { sed -E '/^#/!s/((seconds|bytes|files_free)(\{[^}]*\})?) [0-9]+$/\1 <number>/' metrics/shop.prom; }
run numbers
kill "$server"
wait "$server"

# A process that does not run is a 0, and one file holds one project of many.
down() { release metrics --root production | grep process_up; }
run down
run release metrics --output absent/shop.prom --root production
json() { release metrics --root production --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["metrics"]) > 20)'; }
run json
