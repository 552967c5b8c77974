#!/usr/bin/env bash
# `bake detect` explains which buildpacks would build a source, and builds nothing.

make_staging
make_project source 1.0

run bake detect ./source --root staging

echo "Nothing fits:"
rm -r source/Procfile source/public
run bake detect ./source --root staging

echo "Those that the project names are all asked, and all needed:"
make_project source 1.0
mkdir -p source/packs/odd/bin source/packs/never/bin
for pack in odd never; do
  printf 'api = "0.12"\n[buildpack]\nid = "acme/%s"\nversion = "1.2"\n' "$pack" >"source/packs/$pack/buildpack.toml"
  printf '#!/bin/sh\n' >"source/packs/$pack/bin/build"
done
printf '#!/bin/sh\necho "what now?"\nexit 1\n' >source/packs/odd/bin/detect
printf '#!/bin/sh\necho "not here"\nexit 100\n' >source/packs/never/bin/detect
chmod +x source/packs/*/bin/*
printf 'name: shop\nversion: 1\nbuildpacks: [procfile, ./packs/odd, ./packs/never]\n' >source/bake.yaml
run bake detect ./source --root staging
run bake detect ./source --root staging --json
run ls staging/releases
run bake ./source --root staging --no-apply --json
