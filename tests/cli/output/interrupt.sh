#!/usr/bin/env bash
# Ctrl-C at a terminal asks first, and the deployment goes on meanwhile; pressed again it undoes at once. Without a
# terminal nobody could answer, so it undoes.

[[ -n $(type -P script) ]] || skip 'script is missing (Debian: bsdutils)'

make_staging
make_production
make_project source 1.0
make_archive 1.0
make_project source 2.0
add_gate post_deploy migrating
make_archive 2.0
release apply staging/releases/shop-1.0.tar.zst --root production --quiet

# What is typed at the terminal goes through this pipe.
mkfifo keys
exec 9<>keys
press() { printf '%b' "$1" >&9; }
ctrl_c='\003'
apply_at_terminal() { # OPTION...
  script -qefc "release apply staging/releases/shop-2.0.tar.zst --root production $*" /dev/null \
    <keys >screen.log 2>&1 9>&- &
  terminal=$!
  wait_for_gate
  wait_until is_on_screen migrating
}
how_it_ended() { wait "$terminal"; }
is_on_screen() { grep -qsF "$1" screen.log; }
# As one sees it from the hook on.
on_screen() { tr -d '\r' <screen.log | sed -n '/migrating/,$p'; }

# A mistake: no, and the release comes.
apply_at_terminal
press "$ctrl_c"
wait_until is_on_screen '[y/N]'
press 'n\n'
wait_until is_on_screen 'it goes on'
open_gate
run how_it_ended
run on_screen
run release rollback --root production --quiet

# Yes.
apply_at_terminal
press "$ctrl_c"
wait_until is_on_screen '[y/N]'
press 'y\n'
run how_it_ended
run on_screen

# In a hurry.
apply_at_terminal
press "$ctrl_c"
wait_until is_on_screen '[y/N]'
press "$ctrl_c"
run how_it_ended
run on_screen

# Who has said yes beforehand is not asked.
apply_at_terminal --yes
press "$ctrl_c"
run how_it_ended
run grep -c 'y/N' screen.log

# Without a terminal the first one undoes.
release apply staging/releases/shop-2.0.tar.zst --root production >screen.log 2>&1 &
terminal=$!
wait_for_gate
kill -INT "$terminal"
run how_it_ended
run release history --root production
run release verify --root production
