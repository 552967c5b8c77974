#!/usr/bin/env bash
# Runs one story and compares what it prints with the expected output beside it.
#
#   BAKEHOUSE_BIN_DIR=build/src/cli tests/cli/run_story.sh STORY.sh
#   ACCEPT=1 ...                     rewrites STORY.expected instead of comparing
#
# A story is a bash script that reads as documentation; prelude.bash gives it `run` and `skip`.
# It starts in an empty HOME, with nothing of the caller's environment, so that it prints the same everywhere.
# Exit status: 0 as expected, 1 different, 2 misused, 77 skipped (the reason is the last line printed).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$here/../.." && pwd -P)

if (($# != 1)) || [[ ! -f $1 || $1 != *.sh ]]; then
  echo "run_story.sh: give the path of one story, a file that ends in .sh" >&2
  exit 2
fi
story=$(cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
expected=${story%.sh}.expected

bin_dir=$(cd "${BAKEHOUSE_BIN_DIR:?"set it to the folder of the built programs, for instance build/src/cli"}" && pwd -P)

# Those that were started with a path of the scratch directory, a supervisor among them, and those that work in it.
processes_of_the_story() {
  {
    grep -lsF "$scratch/" /proc/[0-9]*/cmdline || true
    find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$scratch/*" 2>/dev/null || true
  } | sed -E 's|^/proc/([0-9]+)/.*|\1|' | sort -u
}

scratch=$(mktemp -d)
scratch=$(cd "$scratch" && pwd -P)
tidy_up() {
  # What lives on in the background although its story has ended.
  local left
  left=$(processes_of_the_story)
  # shellcheck disable=SC2086
  [[ -z $left ]] || kill -KILL $left 2>/dev/null || true
  # Deployed trees may have read-only directories, which rm cannot empty.
  find "$scratch" -xdev -type d ! -perm -700 -exec chmod u+rwx {} + || true
  rm -rf --one-file-system "$scratch"
}
trap tidy_up EXIT
mkdir "$scratch/bin" "$scratch/home" "$scratch/tmp"

for program in bake release; do
  if [[ ! -x $bin_dir/$program/$program ]]; then
    echo "run_story.sh: $bin_dir/$program/$program is missing; build it first: meson compile -C build" >&2
    exit 2
  fi
  # Only the two programs, not the rest of the build directory, are on the PATH.
  ln -s "$bin_dir/$program/$program" "$scratch/bin/$program"
done

# A path as a pattern of sed that matches it and nothing else.
literally() {
  # A replacement by bash alone cannot name what it matched.
  # shellcheck disable=SC2001
  sed 's/[][\\.*^$+?(){}|]/\\&/g' <<<"$1"
}

# What differs from run to run becomes a word; the patterns for everything but paths are in normalise.sed.
normalise() {
  sed -E \
    -e "s|$(literally "$scratch/home")|~|g" \
    -e "s|$(literally "$scratch")|<scratch>|g" \
    -e "s|$(literally "$bin_dir")|<bin>|g" \
    -e "s|$(literally "$source_dir")|<source>|g" \
    -f "$here/normalise.sed" "$1"
}

environment=(
  HOME="$scratch/home"
  TMPDIR="$scratch/tmp"
  PATH="$scratch/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
  USER=baker
  TZ=UTC
  LC_ALL=C.UTF-8
  NO_COLOR=1
  # For the few stories that read a file of the source, such as an example.
  BAKEHOUSE_SOURCE_DIR="$source_dir"
)
# Under the sanitizers their options decide whether a fault ends the program: keep them.
for name in ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
  [[ -z ${!name-} ]] || environment+=("$name=${!name}")
done

# The prelude is read here, so that a story begins with its first sentence.
status=0
(
  umask 022
  cd "$scratch/home"
  # $1 and $2 are for the inner shell.
  # shellcheck disable=SC2016
  exec env -i "${environment[@]}" bash -c 'source "$1"; source "$2"' story "$here/prelude.bash" "$story"
) >"$scratch/output" 2>&1 </dev/null || status=$?

normalise "$scratch/output" >"$scratch/actual"

if ((status == 77)); then
  cat "$scratch/actual"
  exit 77
fi
if ((status != 0)); then
  cat "$scratch/actual"
  echo "run_story.sh: the story broke off with status $status; only what stands behind \`run\` may fail"
  exit 1
fi
if [[ ${ACCEPT-} == 1 ]]; then
  cp "$scratch/actual" "$expected"
  echo "accepted: $expected"
  exit 0
fi
if [[ ! -f $expected ]]; then
  cat "$scratch/actual"
  echo "run_story.sh: nothing is expected yet; read the above and accept it: ACCEPT=1 $0 $1"
  exit 1
fi
if ! diff -u --label "expected ($expected)" --label "what the story printed" "$expected" "$scratch/actual"; then
  echo "run_story.sh: if the new output is right, accept it: ACCEPT=1 $0 $1"
  exit 1
fi
