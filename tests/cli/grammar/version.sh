#!/usr/bin/env bash
# Both programs say who they are.

run bake --version
run release --version
