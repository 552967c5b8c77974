#!/usr/bin/env bash
# `--offline` takes the network from buildpacks; the whole output of a build is kept.

make_staging
make_project source 1.0
mkdir -p source/packs/fetch/bin
printf 'api = "0.12"\n[buildpack]\nid = "acme/fetch"\nversion = "1.2"\n' >source/packs/fetch/buildpack.toml
printf '#!/bin/sh\nexit 0\n' >source/packs/fetch/bin/detect
cat >source/packs/fetch/bin/build <<'BUILD'
#!/bin/bash
# As many a program would say it; the way out is shut all the same.
if (exec 3<>/dev/tcp/192.0.2.1/80) 2>/dev/null; then echo connected; fi
echo "fetch: could not resolve host: packages.example.org"
exit 6
BUILD
chmod +x source/packs/fetch/bin/*
printf 'name: shop\nversion: 1.0\nbuildpacks: [procfile, ./packs/fetch]\n' >source/bake.yaml

bake detect ./source --root staging --offline >probe 2>&1 || true
if grep -q 'makes no build rooms' probe; then skip "this machine makes no build rooms"; fi

run bake ./source --root staging --no-apply --offline
run sh -c 'cat staging/.bakehouse/logs/bake/*.log'

echo "What the operator sets stands above what the project sets:"
cat >source/packs/fetch/bin/build <<'BUILD'
#!/bin/bash
echo "registry: $REGISTRY"
BUILD
mkdir -p staging/.bakehouse/build-config/env
printf 'mirror.example.org' >staging/.bakehouse/build-config/env/REGISTRY.override
run bake ./source --root staging --no-apply --offline --set build.env.REGISTRY=packages.example.org
