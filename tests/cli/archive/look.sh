#!/usr/bin/env bash
# What an archive is and holds, and single files out of it, without applying it.

make_staging
make_project source 1.0.0
mkdir -p source/public/deep
echo deep >source/public/deep/file
ln -s index.html source/public/start
make_archive 1.0.0
cp staging/releases/shop-1.0.0.tar.zst .
make_production
run release show shop-1.0.0.tar.zst --root production
run release list shop-1.0.0.tar.zst --root production
release list shop-1.0.0.tar.zst --root production --json | python3 -c '
import json, sys
for entry in json.load(sys.stdin)["entries"]:
    print(entry["type"], entry["path"], entry.get("size", entry.get("link", "")))'

# Single files, and a directory with all that is below.
run release extract shop-1.0.0.tar.zst public/index.html --to one --root production
run cat one/public/index.html
run release extract shop-1.0.0.tar.zst public/deep/ Procfile --to more --root production
run find more -type f

# What is there is not written over; what is not in it cannot be taken out.
run release extract shop-1.0.0.tar.zst public/index.html --to one --root production
run release extract shop-1.0.0.tar.zst public/nothing --to one --root production
run release extract shop-1.0.0.tar.zst ../outside --to one --root production

# Nobody is shown what nobody trusts.
bake key new other.key --no-password --quiet
make_archive 2 --key other.key
run release show staging/releases/shop-2.tar.zst --root production
run release extract staging/releases/shop-2.tar.zst Procfile --to two --root production
run ls -A
