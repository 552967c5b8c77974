#!/usr/bin/env bash
# What an application wrote moves no cursor; a program that reads a patch gets it byte for byte.

[[ -n $(type -P script) ]] || skip 'script is missing (Debian: bsdutils)'

make_staging
make_production
make_project source 1.0.0
make_archive 1.0.0
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
printf '\033[2J\tnothing to see\n' >production/run/public/index.html

script -qefc 'release diff --root production; echo "[exit $?]"' /dev/null </dev/null | tr -d '\r'
run release diff --root production | cat -A
