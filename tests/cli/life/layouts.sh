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

# A staging root of any layout builds in a room, where run/ has the path that the layout gives it, and serves what it built.
mkdir -p source/packs/where/bin
printf 'api = "0.12"\n[buildpack]\nid = "acme/where"\nversion = "1.0.0"\n' >source/packs/where/buildpack.toml
printf '#!/bin/sh\n' >source/packs/where/bin/detect
cat >source/packs/where/bin/build <<'BUILD'
#!/bin/sh
root=$(pwd -P | sed -E 's|(/bakes/[^/]+)/.*|\1|')
pwd -P | sed 's|.*/bakes/||'
find "$root" -name identity
rm -r packs
BUILD
chmod +x source/packs/where/bin/*
echo 'buildpacks: [./packs/where]' >>source/bake.yaml
for layout in capistrano fhs makina; do
  root=bakes/$layout
  run bake init shop --layout "$layout" --root "$root" --quiet
  echo 'shop 1.0' >source/public/index.html
  run bake ./source --root "$root" --as 1.0
  echo 'shop 2.0' >source/public/index.html
  run bake ./source --root "$root" --as 2.0 --quiet
  run release rollback --root "$root" --quiet
  run release exec --root "$root" -- cat public/index.html
done

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
