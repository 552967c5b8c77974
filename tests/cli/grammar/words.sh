#!/usr/bin/env bash
# What the first word means. `bake PATH` is short for `bake cook PATH`, and nothing else is guessed.

make_staging
make_project shop 1
cd shop

# No word: `bake cook`, which takes the source in the root. There is none yet.
run bake --root ../staging

# A path is `.`, `..`, or holds a '/'.
run bake . --root ../staging --no-apply --as 1
run bake ../shop --root ../staging --no-apply --as 2 --quiet
cd public
run bake .. --root ../../staging --no-apply --as 3 --quiet
cd ../..
run bake shop/ --root staging --no-apply --as 4 --quiet
run bake cook shop --root staging --no-apply --as 5 --quiet
run ls staging/releases

# Any other word must be a command: a directory of that name changes nothing.
run bake shop --root staging
run bake confg
run release statsu

# A command that does not exist yet is unknown, so that it never changes its meaning later.
run bake publish ./store
run release deploy staging/releases/shop-1.tar.zst

# `release` implies no command, and has no positional of its own.
run release
run release ./staging/releases/shop-1.tar.zst
run bake ./shop ./shop --root staging
run bake key
run bake buildpack
run bake buildpack chekc ./shop
