#!/usr/bin/env bash
# A release can need several signatures. The first is inside the archive; others are added later, beside it.

make_staging
make_project source 1.0.0
make_archive 1.0.0
archive=staging/releases/shop-1.0.0.tar.zst
for name in alice bob; do bake key new "$name.key" --no-password --quiet; done

# Two of three people must sign what comes into service here.
make_production
for name in alice bob; do release trust add "$name.pub" --root production --quiet; done
echo 'threshold: 2' >production/.bakehouse/trust/policy.yaml
run release apply "$archive" --root production

# Alice is told what she signs. The archive itself stays as it is.
sha256sum "$archive" >before
run bake sign "$archive" --key alice.key
sha256sum --quiet --check before
run ls "$archive.sigs"
run release verify "$archive" --root production
run release apply "$archive" --root production --quiet

# Twice is once, and who signed inside need not sign beside it.
run bake sign "$archive" --key alice.key --key shop.key --root production
run bake sign "$archive" --key alice.key --json

# Moved elsewhere, the archive takes its signatures along.
mkdir elsewhere
mv "$archive" elsewhere/
run release verify elsewhere/shop-1.0.0.tar.zst --root production
mv "$archive.sigs" elsewhere/
run release verify elsewhere/shop-1.0.0.tar.zst --root production --quiet

# What lies there does no harm, and is explained when signatures are missing.
sigs=elsewhere/shop-1.0.0.tar.zst.sigs
mv "$sigs"/*.minisig "$sigs/alice.minisig"
run release verify elsewhere/shop-1.0.0.tar.zst --root production
ln -s alice.minisig "$sigs/$(sed -n '1s/.* //p' alice.pub).minisig"
run release verify elsewhere/shop-1.0.0.tar.zst --root production

# Baking signs by several keys at once: the first inside, the others beside.
run bake ./source --root staging --as 2.0.0 --key bob.key --key alice.key --key shop.key --no-apply --quiet
run ls staging/releases/shop-2.0.0.tar.zst.sigs
run release apply staging/releases/shop-2.0.0.tar.zst --root production --quiet

# What is no archive is not signed, and nobody signs without a key.
run bake sign source/bake.yaml --key alice.key
run bake sign staging/releases/shop-2.0.0.tar.zst
