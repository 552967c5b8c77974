#!/usr/bin/env bash
# The shipped rotation is understood by logrotate, and loses no event.

command -v logrotate >/dev/null || skip 'no logrotate: the Debian package of that name has it'
release init shop --root production --quiet
mkdir log
printf 'notify: [{command: [/bin/true]}]\nlogging: {events: %s/log/events.jsonl}\n' "$HOME" >production/node.yaml
make_project source 1.0
make_staging
for version in 1.0 2.0; do
  make_project source $version
  make_archive $version
done
release trust add shop.pub --root production --quiet
release apply staging/releases/shop-1.0.tar.zst --root production --quiet

sed -e "s|/var/log/bakehouse|$HOME/log|; s|/srv/projects|$HOME|g" \
  "$BAKEHOUSE_SOURCE_DIR/share/logrotate/bakehouse" >logrotate.conf
chmod 644 logrotate.conf
# It warns of its own -d.
check() {
  logrotate -d --state ~/state logrotate.conf 2>&1 |
    grep -v 'logrotate in debug mode' | grep -iE 'error|warning|unknown|invalid|skipping' || echo 'nothing to say'
}
run check

logrotate --force --state ~/state logrotate.conf
release apply staging/releases/shop-2.0.tar.zst --root production --quiet
versions() { grep -ho '"outcome":"[a-z]*"\|"version":"[^"]*"' "$@"; }
run versions log/events.jsonl.1
run versions log/events.jsonl
