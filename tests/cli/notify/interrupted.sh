#!/usr/bin/env bash
# An apply is killed in the middle, as by a power cut; who serves next recovers, and tells of it.

make_staging
make_production
for version in 1.0 2.0; do
  make_project source $version
  mkdir -p source/.bake/hooks
  # The hook is to read them.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\n[ "$BAKEHOUSE_VERSION" = 1.0 ] || kill -9 $PPID\n' >source/.bake/hooks/post_deploy
  chmod +x source/.bake/hooks/post_deploy
  make_archive $version
done
release apply staging/releases/shop-1.0.tar.zst --root production --quiet
printf '#!/bin/sh\nexec cat >>%s/told\n' "$HOME" >tell
chmod +x tell
echo "notify: [{command: [$HOME/tell], on: recovered}]" >production/node.yaml

# The shell's own word for it names its process.
{ release apply staging/releases/shop-2.0.tar.zst --root production --quiet; } 2>/dev/null || true
run release status --root production
run test -e told

release serve --root production --quiet 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
wait_until test -s told
run grep -o '"outcome":"[a-z]*"\|"recovered":[a-z]*\|"version":"[^"]*"' told
kill "$server"
wait "$server"
run release status --root production
