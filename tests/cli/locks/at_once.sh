#!/usr/bin/env bash
# Two commands at the same moment: the second waits, or is refused and told who is at work. What is in service
# afterwards is one whole release, and the history has what happened.

make_staging
make_production
for version in 1 2 3; do
  make_project source $version
  make_archive $version
done
for version in 4 5; do
  make_project source $version
  add_gate post_deploy migrating
  make_archive $version
done
in_background() { # NAME COMMAND...
  "${@:2}" --root production >"$1.log" 2>&1 &
  started=$!
}
how_it_ended() { wait "$started"; }
apply() { release apply "staging/releases/shop-$1.tar.zst" --root production "${@:2}"; }
deployment_of() { release history --root production | awk -v version="$1" '$4 == version { print $5 }' | head -n 1; }
is_waiting() { grep -qs 'waiting for' "$1"; }
for version in 1 2 3; do apply $version --quiet; done

# While one applies, everybody else is refused.
in_background apply release apply staging/releases/shop-4.tar.zst
wait_for_gate
run release apply staging/releases/shop-3.tar.zst --again --root production
run release prune --emergency --root production
run release pin "$(deployment_of 1)" --root production
run release rollback --wait=1ms --root production

# Or they wait: another apply, and then a prune, which removes nothing that the one before still needed.
first=$started
release apply staging/releases/shop-5.tar.zst --wait --root production >second.log 2>&1 &
second=$!
wait_until is_waiting second.log
open_gate
how_first_ended() { wait "$first"; }
run how_first_ended
wait_for_gate
in_background prune release prune --emergency --wait
wait_until is_waiting prune.log
open_gate
how_second_ended() { wait "$second"; }
run how_second_ended
run how_it_ended
run cat prune.log
run release verify --root production
run cat production/run/public/index.html

# While one prunes, an apply waits, and who wants to keep what is being removed comes too late. Its output is a pipe
# that nobody reads, and that is full: so it stops where it tells what it has removed.
rm -r source/.bake
make_project source 6
make_archive 6
apply 6 --quiet
oldest=$(deployment_of 4)
mkfifo said
exec 8<>said
dd if=/dev/zero of=said bs=4096 oflag=nonblock 2>/dev/null || true
release prune --emergency --root production >said 2>&1 8>&- &
prune=$!
is_pruned() { [[ ! -e production/deploy/$oldest ]]; }
wait_until is_pruned
run release pin "$oldest" --root production
run release apply staging/releases/shop-3.tar.zst --allow-downgrade --root production
in_background pin release pin "$oldest" --wait
pin=$started
wait_until is_waiting pin.log
exec 7<said 8>&-
cat <&7 >/dev/null
exec 7>&-
how_prune_ended() { wait "$prune"; }
run how_prune_ended
how_pin_ended() { wait "$pin"; }
run how_pin_ended
run cat pin.log
run release verify --root production
run release history --root production
