#!/usr/bin/env bash
# Global options stand before or after the command.

make_staging
make_production

run release --root production status --json
run release status --json --root production
run release --json status --root=production
run release --root production trust list
run release trust --root production list
run release trust list --root production

# The value of an option is no command.
make_project source 1
mv staging init
run bake --root init ./source --no-apply --quiet
run ls init/releases

# Questions about the program and about a command.
run bake --version
run release --json --version
run release rollback --help

# What is no option is refused.
run release status --root production --jsno
run release --root
run release rollback one two --root production
