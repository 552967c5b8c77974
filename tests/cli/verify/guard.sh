#!/usr/bin/env bash
# Somebody mended something in run/ by hand. The next release would leave it behind; so it is refused until somebody
# says what is to become of it.

make_staging
make_production
make_project source 1.0.0
printf 'port = 80\nhost = all\n' >source/app.ini
echo nothing >source/notes
make_archive 1.0.0
make_project source 2.0.0
printf 'new\n' >source/public/new.html
make_archive 2.0.0
make_project source 3.0.0
printf 'port = 8080\nhost = all\n' >source/app.ini
make_archive 3.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet

printf 'port = 80\nhost = localhost\n' >production/run/app.ini
printf 'by hand\n' >production/run/public/extra.html
ln -s extra.html production/run/public/link
chmod 755 production/run/Procfile
rm production/run/notes
head -c 3 /dev/zero >production/run/picture

run release apply staging/releases/shop-2.0.0.tar.zst --root production
run cat "$(echo production/.bakehouse/drift/*.patch)"

# The patch is for the programs everybody has.
cp -r "production/deploy/$(readlink production/deploy/current)" copy
run patch -s -p1 -d copy -i "$HOME/$(echo production/.bakehouse/drift/*.patch)"
run diff -r -x .bakehouse -x picture copy production/run

# Kept: the new release has the same changes, and they are told the next time again.
run release apply staging/releases/shop-2.0.0.tar.zst --keep-drift --root production --quiet
run cat production/run/app.ini production/run/public/extra.html production/run/public/new.html
run readlink production/run/public/link
run release verify --root production

# The next release has another idea of the same file.
run release apply staging/releases/shop-3.0.0.tar.zst --keep-drift --root production --quiet
run release apply staging/releases/shop-3.0.0.tar.zst --discard-drift --root production --quiet
run cat production/run/app.ini
run release verify --root production
run find production/archives -path '*/run/public/extra.html' -printf '%f\n'

# Whoever goes back is not asked.
echo x >>production/run/app.ini
run release rollback --root production
run release verify --root production
run release apply staging/releases/shop-3.0.0.tar.zst --keep-drift --discard-drift --root production
