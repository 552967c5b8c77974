#!/usr/bin/env bash
# A secret of the pillar on the node: in the one file that asks for it, and nowhere else.

make_project source 1.0.0
mkdir -p source/.bake/templates
cat >source/.bake/templates/shop.env <<'ENV'
TITLE=${title|shell}
DATABASE_PASSWORD=${database.password|shell}
ENV
make_staging
make_production
mkdir -p production/pillar/recipients
release init shop --root other --quiet
# The recipient of a node, as its operator hands it over.
recipient() { sed -nE 's/^# public key: //p' "$1/.bakehouse/identity"; }
recipient production >production/pillar/recipients/production.txt
echo 'title: The shop' >production/pillar/production.yaml
value="it's a long secret"
bake secret set database.password --root production --pillar production/pillar <<<"$value"
make_archive 1.0.0

run release apply staging/releases/shop-1.0.0.tar.zst --root production
run cat production/run/shop.env
run stat -c %a production/run/shop.env
# The word as it is typed into a shell has other quotes: look for a part of it.
run grep -rl 'long secret' production
run release log --root production
run release verify --root production

# Another value is another configuration, and makes a deployment; the one before comes back with a rollback.
bake secret set database.password --root production --pillar production/pillar <<<"another long secret"
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run cat production/run/shop.env
run release rollback --root production --quiet
run cat production/run/shop.env

# What is sealed to others cannot be opened here, and nothing was touched.
recipient other >production/pillar/recipients/production.txt
bake secret set database.password --root other --environment production --pillar production/pillar <<<"not yours"
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run cat production/run/shop.env
