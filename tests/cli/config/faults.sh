#!/usr/bin/env bash
# All faults of a bake.yaml are told at once, with the place of each and the nearest right word.

make_staging
mkdir source
cat >source/bake.yaml <<'YAML'
nmae: shop
version: 1.0.0
processes: {web: {port: 99999}}
health: [{http: /health, within: 10}]
data: {uploads: ../outside}
undo-data: sometimes
YAML
run bake config ./source
run bake ./source --root staging

# Nothing was made of it.
run ls staging/releases

# What a node says over it is checked as well, and so is --set.
make_project source 1.0.0
printf 'processes: {web: {prot: 80}}\n' >staging/node.yaml
run bake config ./source --root staging --set health=never

# Syntax comes before meaning: it stops at the first fault.
printf 'name: [shop\nversion: 1\n' >source/bake.yaml
run bake config ./source
