#!/usr/bin/env bash
# The exit code says what happened, the same everywhere.

make_staging
make_production
make_project source 1
make_archive 1

echo "0: done"
run release apply staging/releases/shop-1.tar.zst --root production --quiet

echo "2: that is not how it is used"
run release apply --root production

echo "3: bad input or configuration"
run release apply staging/releases/shop-9.tar.zst --root production

echo "4: not trusted"
bake key new other.key --no-password --quiet
make_project source 3
make_archive 3 --key other.key
run release apply staging/releases/shop-3.tar.zst --root production

echo "5: a buildpack, hook or the build failed; nothing has changed"
make_project source 4
mkdir -p source/.bake/hooks
printf '#!/bin/sh\necho "no compiler"\nexit 1\n' >source/.bake/hooks/post_build
chmod +x source/.bake/hooks/post_build
run bake ./source --root staging --quiet

echo "6: the apply failed, and what was in service is in service again"
make_project source 5
mv source/.bake/hooks/post_build source/.bake/hooks/post_deploy
make_archive 5
run release apply staging/releases/shop-5.tar.zst --root production --quiet
run cat production/run/public/index.html

echo "8: another command is at work"
exec 9>production/.bakehouse/switch.lock
flock 9
run release rollback --root production
exec 9>&-

echo "9: it differs"
echo changed >production/run/public/index.html
run release verify --root production
run release status --check --root staging

echo "10: refused before anything was touched"
rm -r source/.bake
for version in 6 7; do
  make_project source "$version"
  make_archive "$version"
done
release init shop --root fresh --quiet
printf 'services: {driver: none}\n' >fresh/node.yaml
release trust add shop.pub --root fresh --quiet
release apply staging/releases/shop-7.tar.zst --root fresh --quiet
run release apply staging/releases/shop-6.tar.zst --root fresh
