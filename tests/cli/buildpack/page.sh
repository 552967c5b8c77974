#!/usr/bin/env bash
# What docs/write-a-buildpack.md tells its reader to do, done: the commands are those of the page.

awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$BAKEHOUSE_SOURCE_DIR/docs/write-a-buildpack.md" |
  sed -E 's/^(bake|release) /run &/' >steps.bash
# shellcheck disable=SC1091
source steps.bash
