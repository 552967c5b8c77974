#!/usr/bin/env bash
# `bake config` shows what counts, and who said so: bake.yaml, the node's node.yaml, --set.

make_staging
make_project source 1.0.0
cat >>source/bake.yaml <<'YAML'
build: {env: {NODE_ENV: production, COLOUR: red}}
processes:
  web: {port: 8080}
health: [{http: /health, status: 204}]
data: {uploads: files}
YAML
run bake config ./source

# A node of its own has the last word on its own matters.
cat >staging/node.yaml <<'YAML'
processes: {web: {port: 9000}}
data: {uploads: null}
YAML
run bake config ./source --root staging

# And whoever types has the very last.
run bake config ./source --root staging --set build.env.COLOUR=blue --set version=2.0.0
run bake config ./source --root staging --set build.env.COLOUR=blue --json

# Without a path: of the source in the root.
cp -R source/. staging/project
cd staging
run bake config
