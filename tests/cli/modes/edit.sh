#!/usr/bin/env bash
# A developer's mode: what is edited in project/ is what runs, and the release comes back as it was.

make_staging
printf 'services: {driver: supervisor}\n' >staging/node.yaml
trap 'release stop --root staging --quiet' EXIT
make_project staging/project 1
# The words are the service's.
# shellcheck disable=SC2016
printf 'web: test -f public/index.html || exit 3; cat public/index.html >>"$BAKEHOUSE_DATA/log"; echo "$BAKEHOUSE_MODE" >>"$BAKEHOUSE_DATA/log"; exec sleep 600\n' \
  >staging/project/Procfile
mkdir -p staging/project/.bake/hooks
printf '#!/bin/sh\nset -e\nmkdir built\necho product >built/product\n' >staging/project/.bake/hooks/post_build
chmod +x staging/project/.bake/hooks/post_build
bake --root staging --quiet
log_has() { [[ $(wc -l <staging/data/log) -eq $1 ]]; }
wait_until log_has 2

echo "shop, edited" >staging/project/public/index.html
run bake edit --off --root staging
run bake edit --link --root staging
run readlink staging/run
wait_until log_has 4
run cat staging/data/log
run cat staging/run/built/product
run release status --root staging

# What differs is what was edited, not that a source is more than what is released of it.
mkdir -p staging/project/.git staging/project/node_modules/left-pad
touch staging/project/.git/config staging/project/node_modules/left-pad/index.js
chmod 600 staging/project/bake.yaml
run release diff --root staging
run release verify --root staging
rm -r staging/project/.git staging/project/node_modules

# Nothing else is put there meanwhile, but a release can be made, of the source alone.
run bake --root staging
run bake --no-apply --as 1.5 --root staging
run release rollback --root staging
# What somebody removed comes back with the next one.
rm -r staging/project/built
run bake edit --root staging --quiet
run cat staging/run/built/product
wait_until log_has 6

run bake edit --off --root staging
wait_until log_has 8
run ls -A staging/project
run tail -n 2 staging/data/log
run cat staging/project/public/index.html
run release verify --root staging

# A release of what was edited; what the one before had made is not in the way.
run bake --root staging --quiet --as 2
run bake edit --link --root staging --quiet
run release exec --root staging -- printenv BAKEHOUSE_VERSION
run bake edit --off --root staging --quiet
run ls staging/archives/*/filled

# Whatever becomes of the link or the source meanwhile, the tree of the release is not touched.
run bake edit --link --root staging --quiet
rm staging/run
run bake edit --off --root staging --quiet
run release verify --root staging
run bake edit --link --root staging --quiet
mv staging/project staging/project.old
run bake edit --off --root staging --quiet
run release verify --root staging
mv staging/project.old staging/project

# What is not well as it was edited is not what runs.
rm staging/project/public/index.html
mkdir staging/project/public/index.html
run bake edit --link --root staging
run ls staging/.bakehouse/editing.json
run release verify --root staging

