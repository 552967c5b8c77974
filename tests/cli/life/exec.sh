#!/usr/bin/env bash
# `release exec` runs a process of the release in service, or any command, in the environment of its services.
# The variables in quotes are for the shells of the processes.
# shellcheck disable=SC2016

make_staging
make_production
make_project source 1
# Services stay; below, each shall do its work once and end.
cat >source/Procfile <<'PROCFILE'
web: [ -e "$BAKEHOUSE_DATA/once" ] || exec sleep 600; echo "$BAKEHOUSE_VERSION on $PORT, in ${PWD##*/}"
worker: [ -e "$BAKEHOUSE_DATA/once" ] || exec sleep 600; echo works; exit 7
PROCFILE
printf 'services: {driver: none}\nprocesses:\n  web: {port: 8090}\n' >>source/bake.yaml
make_archive 1

# Nothing is in service yet.
run release exec --root production web

release apply staging/releases/shop-1.tar.zst --root production --quiet
touch production/data/once
cd production

# A process as `release serve` runs it, once and here; its status is that of the command.
run release exec web
run release exec worker

# Other words are a command: one word is a script of bash; with arguments each word is expanded.
run release exec 'echo $BAKEHOUSE_VERSION; pwd | sed "s|.*/||"'
run release exec echo '$BAKEHOUSE_MODE' '$((6 * 7))'

# After `--` nothing is expanded.
run release exec -- echo '$BAKEHOUSE_MODE'
run release exec -- no-such-program

# Options of `release` stand before the words; what follows is the program's.
run release --root . exec --quiet -- printf '%s\n' --root --help

# The services' environment, and nothing of the caller's.
run env SECRET=1 CNB_PROCESS_TYPE=x release exec -- sh -c 'env | sed "s/=.*//" | sort | tr "\n" " "; echo'

# This node's own command stands in for the process; arguments follow it.
rm data/once
printf 'processes:\n  web: {command: "[ -e $BAKEHOUSE_DATA/once ] || exec sleep 600; echo here"}\n' >node.yaml
release apply ../staging/releases/shop-1.tar.zst --quiet
touch data/once
run release exec web
run release exec web and there
