# shellcheck shell=bash
# What the tests of buildpacks share; tests/run of a buildpack reads it. Bin/detect and bin/build are called as a platform
# would, or by `bake` for a whole life: baked, applied in a root for production, asked by curl.
#
#   BAKEHOUSE_BIN_DIR   where bake/bake and release/release are; build/src/cli of the checkout unless set
# shellcheck disable=SC2034 # who reads this uses what it sets
set -euo pipefail

pack=$(cd "$(dirname "${BASH_SOURCE[1]}")/.." && pwd -P)
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
me=${pack##*/}
programs=$(cd "${BAKEHOUSE_BIN_DIR:-$checkout/build/src/cli}" && pwd -P)
export PATH="$programs/bake:$programs/release:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

work=$(cd "$(mktemp -d)" && pwd -P)
export HOME=$work/home
mkdir "$HOME"
checks=0
failures=0
servers=()
took=()
declare -A shown=()

finish() {
  if [[ -d $work/production ]]; then release stop --root "$work/production" --quiet >/dev/null 2>&1 || true; fi
  if ((${#servers[@]} > 0)); then kill "${servers[@]}" 2>/dev/null || true; fi
  # Go makes its cache read-only.
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# The tests end here: all as expected, or not.
report() {
  tell_times
  local what
  for what in 'a second build' 'what is refused' 'the bill of materials'; do
    check "the tests of every shipped buildpack show $what" yes "${shown[$what]:-no}"
  done
  printf '%s: %d checks, %d failed\n' "$me" "$checks" "$failures"
  ((failures == 0))
}

skip() { # REASON
  printf 'skipped: %s\n' "$1"
  exit 77
}

need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || skip "no $1 (the package $2)"
}

check() { # NAME EXPECTED ACTUAL
  checks=$((checks + 1))
  if [[ $2 == "$3" ]]; then return 0; fi
  failures=$((failures + 1))
  printf 'FAILED: %s\n--- expected\n%s\n--- found\n%s\n\n' "$1" "$2" "$3"
}

contains() { # NAME PART TEXT
  checks=$((checks + 1))
  if [[ $3 == *"$2"* ]]; then return 0; fi
  failures=$((failures + 1))
  printf 'FAILED: %s\n--- expected somewhere\n%s\n--- found\n%s\n\n' "$1" "$2" "$3"
}

lacks() { # NAME PART TEXT
  checks=$((checks + 1))
  if [[ $3 != *"$2"* ]]; then return 0; fi
  failures=$((failures + 1))
  printf 'FAILED: %s\n--- expected nowhere\n%s\n--- found\n%s\n\n' "$1" "$2" "$3"
}

# --- Called as a platform calls: an application in $work/app, layers in $work/layers ---------------------------

fresh() {
  chmod -R u+w "$work/app" "$work/layers" 2>/dev/null || true
  rm -rf "$work/app" "$work/layers" "$work/platform"
  mkdir -p "$work/app" "$work/layers" "$work/platform"
  : >"$work/plan.toml"
}

# Sets $status and $output. The environment is as empty as a platform makes it, but for $environment.
call() { # PROGRAM ARGUMENT...
  local program=$1
  shift
  status=0
  output=$(
    cd "$work/app"
    env -i PATH="${path:-$PATH}" HOME="$HOME" "${environment[@]}" "$pack/bin/$program" "$@" 2>&1
  ) || status=$?
}
environment=()
detect() { call detect "$work/platform" "$work/plan.toml"; }
build() { call build "$work/layers" "$work/platform" "$work/plan.toml"; }

# A build that has to fail, and to say so.
refused() { # NAME PART...
  shown['what is refused']=yes
  build
  check "$1 is refused" 1 "$status"
  local part
  for part in "${@:2}"; do contains "$1: what is said" "$part" "$output"; done
}

# A PATH without some programs: all of the present one are there by links but these.
path_without() { # PROGRAM...
  local directory program
  rm -rf "$work/path"
  mkdir "$work/path"
  for directory in /usr/sbin /usr/bin; do ln -sf "$directory"/* "$work/path/"; done
  for program; do rm -f "$work/path/$program"; done
  path=$work/path
}

# --- The whole way ----------------------------------------------------------------------------------------------

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Sets $port of a server of the files in a directory, which is to be killed as $server.
serve_files() { # DIRECTORY
  port=$(free_port)
  python3 -m http.server "$port" --bind 127.0.0.1 --directory "$1" >/dev/null 2>&1 &
  server=$!
  servers+=("$server")
  curl --silent --output /dev/null --retry 100 --retry-delay 0 --retry-max-time 20 --retry-connrefused "http://127.0.0.1:$port/"
}

# A copy of an application as $work/source, with roots for it. A key `root` names the path of production for what is bound to it.
take_example() { # DIRECTORY
  cp -R "$1" "$work/source"
  rm -rf "$work/source/tests"
  project=$(sed -n 's/^name: //p' "$work/source/bake.yaml")
  web_port=$(free_port)
  bake key new "$work/$project.key" --no-password --quiet
  bake init "$project" --root "$work/staging" --key "$work/$project.key" --quiet
  release init "$project" --root "$work/production" --quiet
  release trust add "$work/$project.pub" --root "$work/production" --quiet
  printf 'processes: {web: {port: %s}}\n' "$web_port" >"$work/production/node.yaml"
}

# What the cache of a first build spares the second, told and not judged: tests/bench/second_builds makes a table of it.
tell_times() {
  if ((${#took[@]} > 1)); then
    printf '%s, %s: the first build took %s; the second %s\n' "$me" "$project" "${took[1]}" "${took[2]}"
  fi
  took=()
}

# Ends the application at hand, so that another one can be taken.
put_away() {
  tell_times
  release stop --root "$work/production" --quiet
  rm -rf "$work/source" "$work/staging" "$work/production" "$work/$project".{key,pub}
}

# Sets $status and $output.
bake_version() { # NUMBER [OPTION...]
  status=0
  local TIMEFORMAT='%R %U %S'
  { time bake "$work/source" --root "$work/staging" --as "$1" --sequence "$1" --no-apply "${@:2}" >"$work/said" 2>&1; } \
    2>"$work/time" || status=$?
  output=$(<"$work/said")
  if [[ $1 == 2 ]]; then shown['a second build']=yes; fi
  took[$1]=$(tr , . <"$work/time" | awk '{ printf "%.2f s, processors %.2f s", $1, $2 + $3 }')
  check "version $1 is baked" 0 "$status"
  if ((status != 0)); then printf '%s\n' "$output"; fi
}

apply_version() { # NUMBER
  status=0
  output=$(release apply "$work/staging/releases/$project-$1.tar.zst" --root "$work/production" 2>&1) || status=$?
  check "version $1 is applied and well" 0 "$status"
  if ((status != 0)); then printf '%s\n' "$output"; fi
}

ask() { # PATH
  curl --silent --show-error --max-time 20 "http://127.0.0.1:$web_port$1" 2>&1 || true
}

# Checks all bills of materials of the release in service, and sets $output to what they name.
check_bills() {
  shown['the bill of materials']=yes
  status=0
  output=$("$checkout/tests/support/cyclonedx" "$work"/production/run/.bakehouse/sbom+*.json 2>&1) || status=$?
  check "the bills of materials are CycloneDX" 0 "$status"
}

# Of a buildpack that installs nothing, neither for the build nor for the launch.
check_no_bill() {
  shown['the bill of materials']=yes
  check "nothing is installed, so there is no bill of materials" "" "$(find "$work/production/run/.bakehouse" -name 'sbom+*')"
}

# Of a buildpack that has nothing to keep from build to build.
check_same_launch() {
  check "the second build launches what the first did" "$(launch_file 1)" "$(launch_file 2)"
}

launch_file() { # NUMBER
  tar --zstd -xOf "$work/staging/releases/$project-$1.tar.zst" .bakehouse/launch.json
}
