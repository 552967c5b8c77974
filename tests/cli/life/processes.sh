#!/usr/bin/env bash
# Several instances, an order, processes by the clock, and logs that do not grow for ever.

make_staging
make_production
make_project source 1
cat >source/Procfile <<'PROCFILE'
web: echo "$BAKEHOUSE_INSTANCE listens on $PORT" >>"$BAKEHOUSE_DATA/log"; exec sleep 600
queue: echo "queue" >>"$BAKEHOUSE_DATA/log"; exec sleep 600
cleanup: echo "cleanup" >>"$BAKEHOUSE_DATA/log"
PROCFILE
touch -d @1767225600 source/Procfile
make_archive 1
trap 'release stop --root production --quiet' EXIT

# What cannot be is refused before anything stops.
cat >production/node.yaml <<'YAML'
processes:
  web: {after: database}
YAML
run release apply staging/releases/shop-1.tar.zst --root production --quiet

cat >production/node.yaml <<'YAML'
processes:
  web: {count: 3, port: 28180, after: queue, stop-signal: INT, stop-timeout: 2s}
  cleanup: {schedule: "0 0 1 1 *"}
services: {log-size: 64K, log-keep: 2}
YAML
run release apply staging/releases/shop-1.tar.zst --root production --quiet
run release status --root production
all_began() { [[ $(wc -l <production/data/log) -eq 4 ]]; }
wait_until all_began
run sort production/data/log

# By instance, or all of a process.
run release restart web.2 --root production
run release stop web --root production
run release status --root production
run release start web.3 --root production
run release stop web.9 --root production
run release stop --root production

# A log is kept short while its process goes on writing to it.
cat >production/node.yaml <<'YAML'
processes:
  web: {count: 0}
  cleanup: {count: 0}
  queue: {command: 'seq 1 40000 >numbers; cat numbers; exec sleep 600'}
services: {log-size: 64K, log-keep: 2}
YAML
make_archive 2
run release apply staging/releases/shop-2.tar.zst --root production --quiet
is_short() { [[ $(stat -c %s production/.bakehouse/logs/queue.log) -le 65536 && -e production/.bakehouse/logs/queue.log.1 ]]; }
wait_until is_short
cat production/.bakehouse/logs/queue.log{.1,} | cmp - <(seq 1 40000) && echo "no line is lost"
run release stop queue --root production
