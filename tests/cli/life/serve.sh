#!/usr/bin/env bash
# `release serve` runs the processes in the foreground; apply and rollback restart them through it.

make_staging
make_production
for version in 1 2; do
  make_project source "$version"
  cat >source/Procfile <<'PROCFILE'
web: cd "$BAKEHOUSE_DATA"; echo $$ >pid; echo "$BAKEHOUSE_VERSION runs" >>log; exec sleep 600
PROCFILE
  touch -d @1767225600 source/Procfile
  make_archive "$version"
done
release apply staging/releases/shop-1.tar.zst --root production --quiet
: >production/data/log # what the health check started does not count

release serve --root production >serve.log 2>&1 &
supervisor=$!
trap 'kill "$supervisor" 2>/dev/null || true' EXIT
wait_until grep -qs '1 runs' production/data/log
run release status --root production

# One supervisor serves a root.
run release serve --root production

# A new release: its processes take the place of the old ones.
first=$(<production/data/pid)
run release apply staging/releases/shop-2.tar.zst --root production
wait_until grep -qs '2 runs' production/data/log
if [[ -e /proc/$first ]]; then echo "the process of version 1 still runs"; fi
run release status --root production

# Back again.
second=$(<production/data/pid)
run release rollback --root production --quiet
has_begun_again() { [[ $(wc -l <production/data/log) -eq 3 ]]; }
wait_until has_begun_again
if [[ -e /proc/$second ]]; then echo "the process of version 2 still runs"; fi
run cat production/data/log

# TERM ends the supervisor, and all that it runs.
third=$(<production/data/pid)
kill -TERM "$supervisor"
status=0
wait "$supervisor" || status=$?
echo "the supervisor ended with status $status"
if [[ -e /proc/$third ]]; then echo "the process of version 1 still runs"; fi
run release status --root production
run cat serve.log
