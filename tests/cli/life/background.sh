#!/usr/bin/env bash
# Processes live on after the command that started them, with a supervisor in the background: started, stopped,
# taken over when it was killed.

make_staging
make_production
for version in 1 2; do
  make_project source "$version"
  cat >source/Procfile <<'PROCFILE'
web: cd "$BAKEHOUSE_DATA"; echo "$BAKEHOUSE_VERSION runs" >>log; echo $$ >pid; exec sleep 600
worker: exec sleep 600
PROCFILE
  touch -d @1767225600 source/Procfile
  make_archive "$version"
done
trap 'release stop --root production --quiet' EXIT
# What has ended may have a parent that never looks.
is_gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }

# An apply leaves the processes running.
rm production/node.yaml
run release apply staging/releases/shop-1.tar.zst --root production
run release status --root production

# Stopped and started, all of them or one.
run release stop web --root production
run release status --root production
run release start --root production
run release stop --root production
run release stop --root production
run release status --root production
run release start --root production
run release start --root production
run release restart nobody --root production

# One that dies is started again, and status remembers.
wait_until grep -qs . production/data/pid
before=$(<production/data/pid)
kill -KILL "$before"
is_another() { [[ $(<production/data/pid) != "$before" && -n $(<production/data/pid) ]]; }
wait_until is_another
run release status --root production

# The supervisor is killed: the processes go on, and the next one takes them over as they are.
web=$(<production/data/pid)
supervisor=$(sed -E 's/^pid ([0-9]+),.*/\1/' production/.bakehouse/supervisor.lock)
kill -KILL "$supervisor"
wait_until is_gone "$supervisor"
run release status --root production --check
run release start --root production
run release status --root production
[[ $web == "$(<production/data/pid)" ]] && echo "web is the same process"

# A deployment does it as well, and a stop ends them without taking them over.
supervisor=$(sed -E 's/^pid ([0-9]+),.*/\1/' production/.bakehouse/supervisor.lock)
kill -KILL "$supervisor"
wait_until is_gone "$supervisor"
run release apply staging/releases/shop-2.tar.zst --root production --quiet
is_gone "$web" && echo "the process of version 1 has ended"
run release status --root production
supervisor=$(sed -E 's/^pid ([0-9]+),.*/\1/' production/.bakehouse/supervisor.lock)
kill -KILL "$supervisor"
wait_until is_gone "$supervisor"
run release stop --root production
is_gone "$(<production/data/pid)" && echo "the process of version 2 has ended"

# In the background from the beginning.
run release serve --detach --root production
run release serve --detach --root production
run release status --root production --check
run release stop --root production
run cut -d' ' -f2- production/.bakehouse/logs/supervisor.log
