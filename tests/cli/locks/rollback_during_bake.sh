#!/usr/bin/env bash
# Who goes back is in need: a rollback does not wait for a bake, however long that builds. While the bake applies
# what it made, it does.

make_staging
for version in 1 2; do
  make_project source $version
  bake ./source --root staging --sequence $version --quiet
done

# The hook of a build waits, and that of the release that is baked.
make_project source 3
add_gate post_build testing
add_gate post_deploy migrating
bake ./source --root staging --sequence 3 >bake.log 2>&1 &
bake=$!
wait_for_gate
run release rollback --root staging --quiet
run cat staging/run/public/index.html

# Another bake is refused, and told who is at work.
run bake ./source --root staging --sequence 4

# Now the bake applies.
open_gate
wait_for_gate
run release rollback --root staging
open_gate
how_bake_ended() { wait "$bake"; }
run how_bake_ended
run release verify --root staging
run release history --root staging
run cat staging/run/public/index.html
