#!/usr/bin/env bash
# Processes that run as a user of their own: what he may write and what not, and that he is the same after a restart,
# a supervisor that was killed, and an end.
[[ $(id -u) == 0 ]] || skip 'only root can run processes as another user'

make_staging
make_production
mkdir -p source/cache
cat >source/bake.yaml <<'YAML'
name: shop
writable: {cache: discard}
data: {uploads: uploads}
env: {TOWN: "${town:-Bergen}"}
YAML
echo 'a page' >source/index.html
echo 'to be written to' >source/cache/README
cat >source/Procfile <<'PROCFILE'
web: cd "$BAKEHOUSE_RUN"; for p in new index.html .bakehouse/new cache/new uploads/new; do touch $p 2>/dev/null && w="$w $p"; done; echo "$BAKEHOUSE_VERSION by $(id -un) in $HOME wrote$w in $TOWN"; echo $$ >"$BAKEHOUSE_DATA/pid"; exec sleep 600
PROCFILE
mkdir -p source/.bake/hooks
# The words are the hook's.
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$BAKEHOUSE_PHASE by $(id -un)" | tee "$BAKEHOUSE_BACKUP/dumps/database"\n' >source/.bake/hooks/dump
chmod +x source/.bake/hooks/dump
make_archive 1
make_archive 2
trap 'release stop --root production --quiet' EXIT
is_gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
supervisor() { sed -E 's/^pid ([0-9]+),.*/\1/' production/.bakehouse/supervisor.lock; }

# Nobody is refused by name, and so is who has no way to his files.
echo 'services: {user: nobody-else}' >production/node.yaml
run release apply staging/releases/shop-1.tar.zst --root production --quiet
echo 'services: {user: nobody}' >production/node.yaml
chmod 700 ..
run release apply staging/releases/shop-1.tar.zst --root production --quiet
chmod 711 ..
run release apply staging/releases/shop-1.tar.zst --root production --quiet

# As the kernel sees it.
show() {
  wait_until grep -qs . production/data/pid
  web=$(<production/data/pid)
  [[ $(grep -E '^(Uid|Gid|Groups):' "/proc/$web/status" | tr -s '\t ' ' ') == "$(
    id=$(id -u nobody) group=$(id -g nobody)
    printf 'Uid: %s %s %s %s\nGid: %s %s %s %s\nGroups: %s ' \
      "$id" "$id" "$id" "$id" "$group" "$group" "$group" "$group" "$group"
  )" ]] || grep -E '^(Uid|Gid|Groups):' "/proc/$web/status"
  grep NoNewPrivs "/proc/$web/status"
  tail -n 1 production/.bakehouse/logs/web.log
}
show
run stat -c '%U %a %n' production/run production/run/index.html production/run/cache production/data \
  production/data/uploads production/.bakehouse/logs/web.log

# By hand it is the same.
# The words are for the shell inside.
# shellcheck disable=SC2016
run release exec --root production -- sh -c 'id -un; grep NoNewPrivs /proc/self/status; echo "$HOME in $TOWN"'

# Started anew, and taken over by another supervisor.
rm production/data/pid
run release restart --root production
show
kill -KILL "$(supervisor)"
wait_until is_gone "$(supervisor)"
before=$web
run release start --root production
show
[[ $web == "$before" ]] && echo "web is the same process"
rm production/data/pid
kill -KILL "$web"
show

# The next release; what its hook dumps is his, and of archives/ he sees no more than that.
rm production/data/pid
run release apply staging/releases/shop-2.tar.zst --root production --quiet
show
run stat -c '%U %a %n' production/archives/*/dumps/database
run cat production/archives/*/dumps/database
# shellcheck disable=SC2016
run release exec --root production -- sh -c 'ls "$BAKEHOUSE_ROOT"/archives/*/'

run release stop --root production
is_gone "$web" && echo "web has ended"

# An ordinary user runs them as nobody but himself.
chown -R 1234:1234 production
run setpriv --reuid=1234 --regid=1234 --clear-groups release exec --root production -- true
chown -R 0:0 production
