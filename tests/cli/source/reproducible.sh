#!/usr/bin/env bash
# Same source, same bytes: whoever bakes it, wherever and whenever.

bake key new shop.key --no-password --quiet
export SOURCE_DATE_EPOCH=1700000000

make_project source 1.0.0
mkdir source/bin
printf '#!/bin/sh\n' >source/bin/tool
chmod 755 source/bin/tool
ln -s tool source/bin/alias
for name in a B c Ä _ 'with space'; do echo "$name" >"source/$name"; done

(
  bake init shop --root here --key shop.key --quiet
  run bake ./source --root here --no-apply --quiet
)

# Another directory, time zone, language and umask; other times of the files, and another order in the directory.
(
  umask 077
  export TZ=Pacific/Kiritimati LC_ALL=C LANG=tr_TR.UTF-8
  mkdir -p "far away/copy"
  (cd source && find . ! -type d | sort -r | while IFS= read -r path; do cp -P --parents "$path" "../far away/copy"; done)
  chmod -R go-rwx "far away/copy"
  cd "far away"
  bake init shop --root there --key ../shop.key --quiet
  run bake ./copy --root there --no-apply --quiet
)
run cmp here/releases/shop-1.0.0.tar.zst 'far away/there/releases/shop-1.0.0.tar.zst'
run cmp here/releases/shop-1.0.0.tar.zst.minisig 'far away/there/releases/shop-1.0.0.tar.zst.minisig'

# Baked once more in the same place it is the same again.
cp here/releases/shop-1.0.0.tar.zst first.tar.zst
run bake ./source --root here --no-apply --quiet
run cmp here/releases/shop-1.0.0.tar.zst first.tar.zst

# The time must be one.
export SOURCE_DATE_EPOCH=yesterday
run bake ./source --root here --no-apply --quiet
