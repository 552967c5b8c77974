#!/usr/bin/env bash
# `release verify ARCHIVE` reads every byte and changes nothing.

command -v zstd >/dev/null || skip "zstd is not installed"

make_staging
make_project source 1.0.0
head -c 4000 /dev/urandom >source/noise # most of the archive
make_archive 1.0.0
cp staging/releases/shop-1.0.0.tar.zst good.tar.zst
make_production
run release verify good.tar.zst --root production

# One byte in the middle of it is another.
cp good.tar.zst flipped.tar.zst
middle=$(($(stat -c %s good.tar.zst) / 2))
old=$(od -An -tu1 -j "$middle" -N 1 good.tar.zst)
printf '%b' "\\x$(printf %x $((old ^ 1)))" | dd of=flipped.tar.zst bs=1 seek="$middle" conv=notrunc status=none
run release verify flipped.tar.zst --root production
run release apply flipped.tar.zst --root production

# Its end is missing.
head -c "$middle" good.tar.zst >cut.tar.zst
run release verify cut.tar.zst --root production

# Something stands behind its end.
{ cat good.tar.zst && echo more; } >longer.tar.zst
run release verify longer.tar.zst --root production

# Other archives are no releases.
tar -C source --zstd -cf plain.tar.zst .
run release verify plain.tar.zst --root production
run release verify source/bake.yaml --root production

# Somebody else signed it.
bake key new other.key --no-password --quiet
make_archive 2 --key other.key
run release verify staging/releases/shop-2.tar.zst --root production

# It is a release of something else.
bake init blog --root blogs --key shop.key --quiet
sed -i s/shop/blog/ source/bake.yaml
bake ./source --root blogs --no-apply --quiet
run release verify blogs/releases/blog-1.0.0.tar.zst --root production
run release apply blogs/releases/blog-1.0.0.tar.zst --root production

# Nothing of all that has left a trace.
run ls -A production/deploy production/archives
