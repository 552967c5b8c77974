#!/usr/bin/env bash
# Runs one fuzzer for some time, in a build directory of its own.
#
#   run.sh NAME SECONDS         fuzzes, starting from its corpus and from what earlier runs have found
#   run.sh list                 the names
#
# Environment: JOBS says how many compilers run at once (default: as many as processors).
# Exit status: 0 nothing found, 1 something (the file that shows it is named), 2 usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build='build-fuzz'

usage() {
  sed -n '2,/^set /{s/^# \{0,1\}//p}' tests/fuzz/run.sh >&2
  exit 2
}

list_targets() {
  sed -n "s/^  '\([a-z0-9_]*\)': \[.*/\1/p" tests/fuzz/meson.build
}

# Which directory of corpus/ a target starts from.
corpus_of() {
  sed -n "s/^  '$1': \[.*, '\([a-z0-9_]*\)'\],$/\1/p" tests/fuzz/meson.build
}

# Everything is instrumented; the fuzzer's own main comes in when a fuzzer is linked.
build_fuzzer() {
  if [[ ! -f $build/build.ninja ]]; then
    CXX=${CXX:-clang++} meson setup "$build" -Dbuildtype=debugoptimized -Dfuzz=true \
      -Db_sanitize=address,undefined -Db_lundef=false \
      -Dcpp_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined'
  fi
  ninja -C "$build" -j "${JOBS:-$(nproc)}" "tests/fuzz/fuzz_$1"
}

case ${1-} in
  list)
    list_targets
    exit 0
    ;;
  *) if [[ $# != 2 || ! $2 =~ ^[0-9]+$ || -z $(corpus_of "$1") ]]; then usage; fi ;;
esac

name=$1 seconds=$2
corpus=$(corpus_of "$name")
build_fuzzer "$name"
grown=$build/corpus/$name
mkdir -p "$grown" "$build/found"
options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/found/$name-")
[[ ! -f tests/fuzz/dict/$corpus.dict ]] || options+=(-dict="tests/fuzz/dict/$corpus.dict")
"$build/tests/fuzz/fuzz_$name" "${options[@]}" "$grown" "tests/fuzz/corpus/$corpus" || exit 1
