#!/usr/bin/env bash
# A tree that somebody deployed by hand becomes the first state of a root: the first release takes its place, and
# until then, or if that fails, it is in service.

make_staging
make_project source 1.0.0
mkdir -p source/.bake/hooks
printf '#!/bin/sh\nexit 3\n' >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 1.0.0
rm -r source/.bake
make_project source 1.0.1
make_archive 1.0.1

# As rsync left it.
mkdir -p htdocs/public
echo 'by hand' >htdocs/public/index.html
echo 'a = 1' >htdocs/settings.ini
chmod 664 htdocs/settings.ini

# What no release may hold is not taken over, and nothing is made.
mkfifo htdocs/queue
ln -s /etc/passwd htdocs/public/users
chmod 2755 htdocs/public
run release init shop --adopt htdocs --root production
run ls production
rm htdocs/queue htdocs/public/users
chmod g-s htdocs/public
run release init shop --adopt htdocs/settings.ini --root production
run release init shop --adopt htdocs --root htdocs/production
run release init shop --as 0.9 --root production

run release init shop --adopt htdocs --as 0.9 --root production
run release status --root production
run release verify --root production
run cat production/run/public/index.html
run stat -c '%a %n' htdocs/settings.ini production/run/settings.ini
run ls production/deploy/current/.bakehouse

# The first release that fails leaves it in service.
release trust add shop.pub --root production --quiet
run release plan staging/releases/shop-1.0.1.tar.zst --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run cat production/run/public/index.html

# One that does not takes its place; and there is a way back.
run release apply staging/releases/shop-1.0.1.tar.zst --root production --quiet
run cat production/run/public/index.html
adopted=$(release history --root production | awk '$2 == "adopt" { print $5 }')
run release diff "$adopted" --root production
run release rollback --root production --quiet
run cat production/run/public/index.html
run release history --root production

# The same in the directories of Capistrano, for programs.
run release init shop --adopt htdocs --layout capistrano --root other --json
[[ $(readlink other/current) == "releases/$(cat other/current/.bakehouse/deployment)" ]]
run cat other/current/public/index.html

# Cut off before it was whole, it is no root, and the next try says so.
mkdir -p third/.bakehouse/deployments
run release status --root third
run release init shop --adopt htdocs --root third
