#!/usr/bin/env bash
# Prometheus' own checker finds nothing to say about the numbers.

command -v promtool >/dev/null || skip 'no promtool: the Debian package prometheus has it'
make_staging
make_production
check() { release metrics --root production | promtool check metrics; }
run check
for version in 1.0 2.0; do
  make_project source $version
  make_archive $version
  release apply staging/releases/shop-$version.tar.zst --root production --quiet
done
release freeze 'a sale' --root production --quiet
run check

# So it does to the alerts that are shipped.
cp "$BAKEHOUSE_SOURCE_DIR/share/prometheus/bakehouse.rules.yaml" .
run promtool check rules bakehouse.rules.yaml
