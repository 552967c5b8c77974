#!/usr/bin/env bash
# `release verify DIR` checks what somebody unpacked with another program.

command -v zstd >/dev/null || skip "zstd is not installed"

make_staging
make_project source 1.0.0
make_archive 1.0.0
make_production
mkdir shop
tar --zstd -xpf staging/releases/shop-1.0.0.tar.zst -C shop
run release verify shop --root production

echo changed >shop/public/index.html
rm shop/Procfile
run release verify shop --root production

# The manifest is what was signed, and so is release.json.
echo >>shop/.bakehouse/manifest
run release verify shop --root production
sed -i s/1.0.0/1.0.1/ shop/.bakehouse/release.json
run release verify shop --root production
run release verify source --root production
