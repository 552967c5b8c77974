#!/usr/bin/env bash
# Whether processes are units of systemd is for the machine to say, in node.yaml, and for no release.

make_staging
make_production
rm production/node.yaml
make_project source 1
cat >>source/bake.yaml <<'YAML'
services: {driver: systemd}
YAML
make_archive 1
run release apply staging/releases/shop-1.tar.zst --root production
run release apply staging/releases/shop-1.tar.zst --root production --set services.driver=systemd

# What only a unit can do is never passed over in silence.
echo 'services: {driver: supervisor, hardening: off}' >production/node.yaml
run release apply staging/releases/shop-1.tar.zst --root production

# Where the processes are units, nobody else runs them.
echo 'services: {driver: systemd}' >production/node.yaml
run release serve --root production
run release status --root production
