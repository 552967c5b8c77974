#!/usr/bin/env bash
# The pass phrase of a key can be changed; the key stays the same.

bake key new shop.key --no-password --quiet
echo 'correct horse' >old
echo 'open sesame' >new
run bake key change-password shop.key --new-password-file old
run stat -c '%a %n' shop.key
run bake key change-password shop.key --password-file old --new-password-fd 3 3<new
run bake key show shop.key --password-file old
bake key show shop.key --password-file new | cmp - shop.pub

# Both on one descriptor, a line each; and then none.
printf 'open sesame\nthird\n' >both
run bake key change-password shop.key --password-fd 3 --new-password-fd 3 3<both
run bake key change-password shop.key --password-fd 3 --no-password 3<<<third
bake key show shop.key | cmp - shop.pub

# The file behind a link is what changes, and a mode that is narrower stays so.
mkdir vault
mv shop.key vault/
ln -s vault/shop.key shop.key
chmod 400 vault/shop.key
run bake key change-password shop.key --no-password --quiet
run readlink shop.key
run stat -c '%a %n' vault/shop.key

# What goes wrong changes nothing. (A second name of the file would keep the old pass phrase.)
sha256sum vault/shop.key >before
ln vault/shop.key second.key
run bake key change-password shop.key --new-password-file new
rm second.key
: >empty
run bake key change-password shop.key --new-password-file empty
printf 'a\rb\n' >returns
run bake key change-password shop.key --new-password-file returns
run bake key change-password shop.key --new-password-file new --no-password
run bake key change-password shop.pub --new-password-file new
run bake key change-password none.key --new-password-file new
sha256sum --quiet --check before
run ls vault
