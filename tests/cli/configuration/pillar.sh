#!/usr/bin/env bash
# The pillar: what differs between environments, value by value, and who said so. Sealed values are named and not shown.

make_staging
make_project source 1.0.0
cat >staging/pillar/common.yaml <<'YAML'
database: {host: db.internal, port: 5432}
title: The shop
banner: none
YAML
cat >staging/pillar/staging.yaml <<'YAML'
database: {host: db.staging.internal}
banner: null
YAML
mkdir staging/pillar/secrets
cat >staging/pillar/secrets/staging.yaml <<'YAML'
database.password: |
  -----BEGIN AGE ENCRYPTED FILE-----
  -----END AGE ENCRYPTED FILE-----
YAML
run bake config ./source --root staging

# Another environment, other values.
echo 'environment: dev' >staging/node.yaml
echo 'database: {host: localhost}' >staging/pillar/dev.yaml
run bake config ./source --root staging
run bake config ./source --root staging --json

# It is the node's to say, not the project's; and it names files.
echo 'environment: ../etc' >staging/node.yaml
run bake config ./source --root staging
rm staging/node.yaml
echo 'environment: production' >>source/bake.yaml
run bake config ./source --root staging

# What nobody could ask for is told, and not skipped.
make_project source 1.0.0
echo 'a.b: 1' >staging/pillar/staging.yaml
run bake config ./source --root staging
ln -sf /etc/passwd staging/pillar/staging.yaml
run bake config ./source --root staging
