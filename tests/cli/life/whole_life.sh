#!/usr/bin/env bash
# From a source to production and back: the whole life of a release.

# The source of a project: a page, how to serve it, and the least that bake.yaml must say.
mkdir source
cat >source/bake.yaml <<'YAML'
name: shop
version: 1.0.0
YAML
echo 'web: exec sleep 600' >source/Procfile
echo 'Welcome to the shop' >source/index.html

# Once, on the staging machine: a key to sign with, and a root to bake in with it.
run bake key new shop.key --no-password
run bake init shop --root staging --key shop.key

# The build: an archive in staging/releases, and the same release in service here.
run bake ./source --root staging
run ls staging/releases
run cat staging/run/index.html

# Once, on the production machine: a root, and whose releases it accepts.
run release init shop --root production
run release trust add shop.pub --root production
run release status --root production

# The release arrives.
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run cat production/run/index.html
run release status --root production --json

# The next one.
sed -i s/1.0.0/1.1.0/ source/bake.yaml
echo 'The shop is closed' >source/index.html
run bake ./source --root staging --no-apply
run release apply staging/releases/shop-1.1.0.tar.zst --root production --quiet
run cat production/run/index.html

# That was not wanted.
run release rollback --root production
run cat production/run/index.html
run release status --root production
run release history --root production
run release stop --root production
