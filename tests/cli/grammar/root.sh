#!/usr/bin/env bash
# Without --root, the root is the nearest directory upward that `init` made.

# There is none.
run release status
run bake

make_staging
make_production
cd staging/data
run release status
mkdir -p deep/down
cd deep/down
run release status

# A root within another root: the nearer one counts.
release init blog --root inner --quiet
cd inner/data
run release status
cd ~

# Without a path, what is baked is the source in the root.
make_project staging/project 1.0
cd staging/data
run bake --no-apply
cd ../project/public
run bake --no-apply --as 1.1 --quiet
cd ~
run ls staging/releases

# What --root names must be one.
run release status --root source
run release status --root staging/data
