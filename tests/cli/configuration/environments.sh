#!/usr/bin/env bash
# dev, staging and production from one source: the release is the same, what it is told differs.

# A source with a template: places for what differs, written as the language of the file wants it.
make_project source 1.0.0
mkdir -p source/.bake/templates/config source/.bake/hooks
cat >source/.bake/templates/config/app.ini <<'INI'
title = ${title}
environment = ${bakehouse.environment}
[database]
host = ${database.host}
port = ${database.port:-5432}
pool = $${not ours}
INI
cat >source/.bake/templates/config/app.sh <<'SH'
TITLE=${title|shell}
SH
cat >source/.bake/hooks/post_deploy <<'SH'
#!/bin/sh
echo "in $BAKEHOUSE_ENVIRONMENT"
SH
chmod +x source/.bake/hooks/post_deploy

# Three roots: the second is made like the first, with its key and its node.yaml.
bake key new shop.key --no-password --quiet
run bake init shop --root dev --key shop.key --environment dev
run bake init shop --root staging --like dev --environment staging
run bake init bank --root bank --like dev
run cat staging/node.yaml
make_production

# What each is told.
for root in dev staging production; do
  mkdir -p $root/pillar
  echo "title: It's the shop" >$root/pillar/common.yaml
  echo "database: {host: db.$root.internal}" >$root/pillar/$root.yaml
done
echo 'database: {port: 6543}' >production/pillar/common.yaml
echo "title: The \$hop" >>production/pillar/production.yaml

run bake ./source --root dev
run cat dev/run/config/app.ini dev/run/config/app.sh
run bake ./source --root staging
run cat staging/run/config/app.ini

# The archive carries the templates, not what becomes of them.
run release list staging/releases/shop-1.0.0.tar.zst --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run cat production/run/config/app.ini production/run/config/app.sh

# Nothing has changed: nothing is done. A value alone makes a deployment, and a rollback brings it back.
run release apply staging/releases/shop-1.0.0.tar.zst --root production
sed -i 's/db.production/db2.production/' production/pillar/production.yaml
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run grep host production/run/config/app.ini
run release rollback --root production
run grep host production/run/config/app.ini

# A value that is missing is told before anything is touched.
sed -i 's/host/hots/' production/pillar/production.yaml
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run grep host production/run/config/app.ini

# Who edits a file by hand is told; the patch does not say what it holds.
sed -i 's/hots/host/' production/pillar/production.yaml
echo 'debug = yes' >>production/run/config/app.ini
run release diff --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production
