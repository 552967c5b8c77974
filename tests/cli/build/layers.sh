#!/usr/bin/env bash
# A layer for the launch travels with the release, and with it its environment and bill of materials; others do not.

make_staging
make_production
make_project source 1.0
mkdir -p source/packs/greet/bin
printf 'api = "0.12"\n[buildpack]\nid = "acme/greet"\nversion = "1.2"\nsbom-formats = ["application/vnd.cyclonedx+json"]\n' >source/packs/greet/buildpack.toml
printf '#!/bin/sh\nexit 0\n' >source/packs/greet/bin/detect
cat >source/packs/greet/bin/build <<'BUILD'
#!/bin/bash
set -e
for layer in greet tools; do mkdir -p "$1/$layer/bin" "$1/$layer/env.launch"; done
printf '[types]\nlaunch = true\n' >"$1/greet.toml"
printf '[types]\nbuild = true\n' >"$1/tools.toml"
printf '#!/bin/sh\necho "$GREETING, $1 (from $0)"\n' >"$1/greet/bin/greet"
chmod +x "$1/greet/bin/greet"
printf '{"bomFormat":"CycloneDX"}' | tee "$1/greet.sbom.cdx.json" >"$1/tools.sbom.cdx.json"
printf 'hello' >"$1/greet/env.launch/GREETING.default"
BUILD
chmod +x source/packs/greet/bin/*
printf 'name: shop\nversion: 1.0\nbuildpacks: [procfile, ./packs/greet]\n' >source/bake.yaml

run bake ./source --root staging --sequence 1 --no-apply
run release list staging/releases/shop-1.0.tar.zst --root production | grep -o "\.layers.*"
run release apply staging/releases/shop-1.0.tar.zst --root production --quiet
echo "So does its bill of materials, signed like all else:"
run sh -c 'cd production/run/.bakehouse && grep -H . sbom*'
run release --root production exec -- greet world
run env GREETING=ahoy release --root production exec -- greet moon
