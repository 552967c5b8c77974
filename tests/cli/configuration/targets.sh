#!/usr/bin/env bash
# Files outside of the root: the operator says which template becomes which, and a failed deployment puts back what was there.

make_staging
make_project source 1.0.0
mkdir -p source/.bake/templates etc
cat >source/.bake/templates/nginx.conf <<'CONF'
# shop ${bakehouse.version}
server { listen ${port}; root ${bakehouse.run}/public; }
CONF
make_archive 1.0.0
make_production
mkdir production/pillar
echo 'port: 8080' >production/pillar/production.yaml
echo 'of the distribution' >etc/shop.conf

# A release cannot choose: without a word of the operator it is a file of run/ like any other.
cp -R source greedy
echo "configuration: [{template: nginx.conf, target: $PWD/etc/shop.conf}]" >>greedy/bake.yaml
run bake ./greedy --root staging
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run cat etc/shop.conf

# The operator's word.
echo "configuration: [{template: nginx.conf, target: $PWD/etc/shop.conf, mode: 0640}]" >>production/node.yaml
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run cat etc/shop.conf
run stat -c '%a %n' etc/shop.conf
run ls production/run

# What somebody changes there is found, and mended by the same release.
chmod 0644 etc/shop.conf
echo '# tuned by hand' >>etc/shop.conf
run release verify --root production
run release diff --root production
run release apply staging/releases/shop-1.0.0.tar.zst --root production
run release verify --root production

# The next release fails in its migration, when the file was written already: it is back with the rest.
mkdir source/.bake/hooks
printf '#!/bin/sh\nhead -n 1 %s/etc/shop.conf\nexit 1\n' "$PWD" >source/.bake/hooks/post_deploy
chmod +x source/.bake/hooks/post_deploy
make_archive 2.0.0
run release apply staging/releases/shop-2.0.0.tar.zst --root production
run cat etc/shop.conf

# It cannot go back, and holds nothing up: the rest is back, and it follows when it can.
printf '#!/bin/sh\nmv %s/etc %s/etc.away\nexit 1\n' "$PWD" "$PWD" >source/.bake/hooks/post_deploy
make_archive 2.1.0
run release apply staging/releases/shop-2.1.0.tar.zst --root production
run cat production/run/public/index.html
mv etc.away etc
run release recover --root production
run cat etc/shop.conf
run release verify --root production

# Named no more, it is again what it was before all this.
rm -r source/.bake/hooks
make_archive 3.0.0
sed -i /^configuration/d production/node.yaml
run release apply staging/releases/shop-3.0.0.tar.zst --root production
run cat etc/shop.conf
echo "configuration: [{template: nginx.conf, target: $PWD/etc/shop.conf, mode: 0640}]" >>production/node.yaml

# What cannot be written is refused before anything stops.
rm -r etc
run release apply staging/releases/shop-3.0.0.tar.zst --root production
