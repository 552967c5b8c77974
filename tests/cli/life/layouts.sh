#!/usr/bin/env bash
# A root in the directories of Capistrano, one with the names of the FHS, and one with a layout of the user's own that changes run/ in place.

make_staging
make_project source 1.0
make_archive 1.0
make_project source 2.0
make_archive 2.0

run release init shop --layout capistrano --root production
run release trust add shop.pub --root production
printf 'services: {driver: none}\n' >production/node.yaml
run release apply staging/releases/shop-1.0.tar.zst --root production
run release apply staging/releases/shop-2.0.tar.zst --root production
run cat production/current/public/index.html
[[ $(readlink production/current) == "releases/$(cat production/current/.bakehouse/deployment)" ]]
run release rollback --root production
run cat production/current/public/index.html
run release verify --root production

run release init shop --layout fhs --root standard
run release trust add shop.pub --root standard
printf 'services: {driver: none}\n' >standard/node.yaml
run release apply staging/releases/shop-1.0.tar.zst --root standard
run release apply staging/releases/shop-2.0.tar.zst --root standard
run release rollback --root standard
run cat standard/usr/lib/app/public/index.html
run release verify --root standard

cat >own.yaml <<'END'
name: own
switch: inplace
roles: {source-remote: git/project.git, pillar-remote: git/pillar.git, source: src, pillar: pillar, build: build,
  run: htdocs, data: var, deployments: deploy, releases: releases, archives: archives}
END
run release init shop --layout ./own.yaml --root other
run release trust add shop.pub --root other
printf 'services: {driver: none}\n' >other/node.yaml
mkdir other/htdocs
run release apply staging/releases/shop-1.0.tar.zst --root other
run release apply staging/releases/shop-2.0.tar.zst --root other
run cat other/htdocs/public/index.html

printf 'name: bad\nswitch: [symlink, exchange]\nroles: {}\n' >bad.yaml
run release init shop --layout ./bad.yaml --root bad
