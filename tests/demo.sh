#!/usr/bin/env bash
# The demo tells its story to the end, fits a terminal of 80 columns, and leaves nothing behind.
#
#   BAKEHOUSE_BIN_DIR=build/src/cli tests/demo.sh tools/demo
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/tmp"

status=0
TMPDIR=$scratch/tmp "$1" >"$scratch/told" 2>&1 </dev/null || status=$?
if ((status != 0)); then
  cat "$scratch/told"
  exit "$status"
fi

# A word that does not fit, such as a path, is left whole.
if awk 'length > 80 && NF > 1 { print; found = 1 } END { exit !found }' "$scratch/told"; then
  echo "the lines above are wider than 80 columns"
  exit 1
fi
if [[ -n $(ls -A "$scratch/tmp") ]]; then
  find "$scratch/tmp"
  echo "the demo has left that behind"
  exit 1
fi
