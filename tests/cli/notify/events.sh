#!/usr/bin/env bash
# An event line for each deployment: in a file, in the journal, in syslog.

# Sockets of the daemons are at fixed places: only in a mount namespace of our own may we stand in for them.
if [[ ${1-} != apart ]]; then
  unshare --mount --uts true 2>/dev/null || skip 'no mount namespaces: they take root'
  make_staging
  make_production
  make_project source 1.0
  make_archive 1.0
  echo "logging: {events: [$HOME/events.jsonl, journal, syslog]}" >production/node.yaml
  # A shell of its own reads these.
  # shellcheck disable=SC2016
  exec unshare --mount --uts bash -c 'source "$1/tests/cli/prelude.bash"; source "$1/tests/cli/notify/events.sh" apart' \
    story "$BAKEHOUSE_SOURCE_DIR"
fi

hostname web1
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal dev
mount -t tmpfs tmpfs dev
for device in null zero random urandom; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/shm
mount --rbind dev /dev

listeners=()
listen() { # SOCKET FILE
  "$BAKEHOUSE_SOURCE_DIR/tests/support/datagrams.py" "$1" "$2" &
  listeners+=($!)
  wait_until test -S "$1"
}
trap 'kill "${listeners[@]}"' EXIT
listen /run/systemd/journal/socket journal
listen /dev/log syslog

release apply staging/releases/shop-1.0.tar.zst --root production --quiet

run cat events.jsonl
wait_until test -s journal
run cat journal
wait_until test -s syslog
# The time is the daemon's own form, and the number behind the name is the process.
line() { sed -E 's/^(<[0-9]+>).*bakehouse\[[0-9]+\]: /\1<time> bakehouse[<pid>]: /' syslog; }
run line
