#!/usr/bin/env bash
# `bake buildpack check` tells an author all that is wrong with a buildpack at once, and runs nothing of it.

mkdir -p packs/good/bin
printf 'api = "0.12"\n[buildpack]\nid = "acme/good"\nversion = "1.0.0"\n[[targets]]\nos = "linux"\n' >packs/good/buildpack.toml
printf '#!/bin/sh\nexit 100\n' >packs/good/bin/detect
printf '#!/usr/bin/env -S bash -e\n' >packs/good/bin/build
chmod +x packs/good/bin/*
run bake buildpack check packs/good

mkdir -p packs/bad/bin
cat >packs/bad/buildpack.toml <<'FILE'
api = "0.11"
[buildpack]
id = "acme/bäd"
verzion = "1.0.0"
version = "1.0"
clear-env = "yes"
exec-env = ["production"]
sbom-formats = ["application/spdx+json", "application/xml"]
[[stacks]]
id = "*"
FILE
printf '#!/bin/sh\r\nexit 1\n' >packs/bad/bin/detect
printf 'echo built\n' >packs/bad/bin/build
chmod 0777 packs/bad/bin/detect
run bake buildpack check packs/bad
run bake buildpack check packs/bad --json

echo "A composite: its members are beside it, or shipped."
mkdir -p packs/all
cat >packs/all/buildpack.toml <<'FILE'
api = "0.12"
[buildpack]
id = "acme/all"
version = "1.0.0"
[[order]]
[[order.group]]
id = "acme/good"
version = "1.0.0"
[[order.group]]
id = "acme/goood"
version = "1.0.0"
[[order.group]]
id = "bakehouse/procfile"
[[targets]]
os = "linux"
FILE
run bake buildpack check packs/all

echo "No TOML at all, an unknown API, and nothing there:"
printf 'api = \n' >packs/bad/buildpack.toml
run bake buildpack check packs/bad
printf 'api = "0.99"\n[buildpack]\nid = "a"\nversion = "1.0.0"\n' >packs/bad/buildpack.toml
run bake buildpack check packs/bad
run bake buildpack check nowhere

echo "All that there are:"
run bake buildpack list packs
run bake buildpack list --json
