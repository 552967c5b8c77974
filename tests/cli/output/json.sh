#!/usr/bin/env bash
# --json: one object, or for long work one event a line, the last one "done".

make_staging
make_project source 1.0

# is_json: passes its input on, every line of which must be one object.
is_json() {
  python3 -c '
import json, sys
for line in sys.stdin:
    if not isinstance(json.loads(line), dict):
        sys.exit("no object: " + line)
    print(line, end="")'
}
# json COMMAND...: its lines, checked.
json() {
  local status=0
  print_command "$@" --json
  "$@" --json 2>errors >lines || status=$?
  is_json <lines
  # For people the error is told as ever.
  cat errors
  ((status == 0)) || printf '[exit %d]\n' "$status"
}

echo "Commands that answer at once:"
json bake key new other.key --no-password
json bake key show other.key
json bake init shop --root another
json bake config ./source
json release init shop --root production
json release trust add shop.pub --root production
json release trust list --root production
json release trust remove shop --root production
json release status --root production
json release history --root production

echo "Long work:"
release trust add shop.pub --root production --quiet
printf 'services: {driver: none}\n' >production/node.yaml
json bake ./source --root staging --no-apply --sequence 1
json release apply staging/releases/shop-1.0.tar.zst --root production
make_project source 1.1
make_archive 1.1
release apply staging/releases/shop-1.1.tar.zst --root production --quiet
json release rollback --root production
json release recover --root production
print_command release serve --root production --json
release serve --root production --json >lines &
trap 'kill "$!" 2>/dev/null || true' EXIT
wait_until grep -q serving lines
kill "$!"
wait
trap - EXIT
is_json <lines

echo "And what they left:"
json release status --root production
json release history --root production
json release verify --root production
json release verify staging/releases/shop-1.0.tar.zst --root production

echo "A failure is the last line too:"
json release status --root nowhere
json release statsu
json bake ./nowhere --root staging
mkdir -p source/.bake/hooks
printf '#!/bin/sh\nexit 1\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_project source 1.2
make_archive 1.2
json release apply staging/releases/shop-1.2.tar.zst --root production
rm -r source/.bake
json bake ./source --root staging --as 1.3
mkdir -p source/.bake/hooks
printf '#!/bin/sh\nexit 1\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_project source 1.4
json bake ./source --root staging
