#!/usr/bin/env bash
# A transaction that takes too long is cancelled from elsewhere: it undoes, as with Ctrl-C. Who would rather wait
# for another command than be refused says so.

make_staging
make_production
make_project source 1.0.0
make_archive 1.0.0
make_project source 2.0.0
add_gate post_deploy migrating
make_archive 2.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet

run release cancel --root production

release apply staging/releases/shop-2.0.0.tar.zst --root production >apply.log 2>&1 &
apply=$!
how_apply_ended() { wait "$apply"; }
wait_for_gate
run release cancel --root production
run how_apply_ended
run tail -n 3 apply.log
run release history --root production

# Somebody holds the lock, and lets it go when he hears that another one waits.
exec 9>production/.bakehouse/switch.lock
flock 9
release rollback --wait --root production >rollback.log 2>&1 9>&- &
rollback=$!
how_rollback_ended() { wait "$rollback"; }
wait_until grep -qs waiting rollback.log
run release recover --wait=1ms --root production 9>&-
run release recover --wait=soon --root production
exec 9>&-
run how_rollback_ended
run cat rollback.log
