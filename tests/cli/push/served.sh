#!/usr/bin/env bash
# A real application from nothing to an answer, and through a change of its code, of its tests and of its values.

command -v git >/dev/null || skip "git is not installed"
command -v curl >/dev/null || skip "curl is not installed"
command -v php >/dev/null || skip "no php (the package php-cli)"
command -v composer >/dev/null || skip "no composer (the package composer)"
git config --global user.name baker
git config --global user.email baker@example.org
git config --global init.defaultBranch main
export GIT_AUTHOR_DATE=2026-01-31T12:00:00Z GIT_COMMITTER_DATE=2026-01-31T12:00:00Z

port=28394
ask() { curl --silent --show-error --max-time 10 "http://127.0.0.1:$port$1"; }
commit() { git add . && git commit --quiet --message="$1"; }
# How it went, without all that is printed on the way.
push() { git push --quiet "$@" >~/push.log 2>&1; }

# A root, and the application's repository.
run bake init orders --root staging
trap 'release stop --root "$HOME/staging" --quiet' EXIT
cp -R "$BAKEHOUSE_SOURCE_DIR/examples/php" source
cd source
sed -i -e "s/port: 8080/port: $port/" -e 's/^version: .*/version: git/' bake.yaml
git init --quiet
commit 'Cakes'
git remote add staging ~/staging/git/project.git
run push staging main
ask / | grep Carrot

# A test that fails: what served before goes on.
mkdir -p .bake/hooks
printf '#!/bin/sh\nphp -l src/Cakes.php\n' >.bake/hooks/post_build
chmod 755 .bake/hooks/post_build
sed -i 's/2650/2800/; s/namespace Orders;/namespace Orders/' src/Cakes.php
commit 'A price'
run push staging main
grep -o 'the branch stays where it is' ~/push.log
ask / | grep Carrot

# Mended, the new one serves.
sed -i 's/namespace Orders/namespace Orders;/' src/Cakes.php
commit 'A price, and its semicolon'
run push staging main
ask / | grep Carrot

# A value of the environment, pushed by itself.
mkdir -p .bake/templates/public
# shellcheck disable=SC2016 # for the template
printf 'Orders until ${orders.until}\n' >.bake/templates/public/until.txt
git init --quiet ~/values
cd ~/values
git remote add staging ~/staging/git/pillar.git
printf 'orders: {until: "18:00"}\n' >common.yaml
commit 'Until six'
run push staging main
cd ~/source
commit 'When we close'
run push staging main
ask /until.txt
cd ~/values
printf 'orders: {until: "20:00"}\n' >common.yaml
commit 'Until eight'
run push staging main
ask /until.txt
