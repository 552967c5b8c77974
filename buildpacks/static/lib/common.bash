# shellcheck shell=bash
# What the buildpacks of Bakehouse share. Each has a copy in its lib/, so that it also works elsewhere, alone; the
# original is buildpacks/common.bash, and tools/share_common copies it and tells of copies that differ.
#
# A program sets `me`, its name in what it prints, then reads this.
set -euo pipefail
export LC_ALL=C # text is bytes here

say() { printf '%s: %s\n' "${me:?}" "$*"; }

# fail WHAT [WHAT-TO-DO]
fail() {
  printf "${me:?}: %s\n" "$@" >&2
  exit 1
}

# Sets `layers` from the arguments of bin/build or the environment.
# shellcheck disable=SC2034 # who reads this uses it
begin_build() {
  layers=${CNB_LAYERS_DIR:-${1:-}}
  [[ -n $layers ]] || fail "no layers directory: give it as the first argument or in CNB_LAYERS_DIR"
  rm -f "$layers/launch.toml"
}

# need PROGRAM WHAT-TO-INSTALL: sets `found` to where it is.
# shellcheck disable=SC2034
need() {
  found=$(command -v "$1") || fail "$1 is missing in PATH ($PATH)" "install $2"
}

# The argument as a basic string of TOML, which is one of JSON as well, quotes included.
quoted() {
  local text=$1 code character
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  # The control characters that have to be escaped; bash holds no NUL.
  if [[ $text == *[[:cntrl:]]* ]]; then
    for code in {1..31} 127; do
      printf -v character '%b' "\\0$(printf '%03o' "$code")"
      text=${text//"$character"/$(printf '\\u%04X' "$code")}
    done
  fi
  printf '"%s"' "$text"
}

# A digest of arguments and standard input, by which a layer knows whether it is still right.
digest() { { printf '%s\0' "$@" && cat; } | sha256sum | cut -d ' ' -f 1; }

# The key that the layer was given when it was made; nothing when it has not come back.
key_of() {
  if [[ -d $layers/$1 && -f $layers/$1.toml ]]; then
    sed -n "s/^[[:space:]]*key[[:space:]]*=[[:space:]]*[\"']\([0-9a-f]*\)[\"'].*/\1/p" "$layers/$1.toml"
  fi
}

# declare_layer NAME KEY TYPE...: TYPE is launch, build or cache. Makes the directory.
declare_layer() {
  local name=$1 key=$2 type
  shift 2
  mkdir -p "$layers/$name"
  {
    echo '[types]'
    for type; do echo "$type = true"; done
    [[ -z $key ]] || printf '\n[metadata]\nkey = "%s"\n' "$key"
  } >"$layers/$name.toml"
}

# A layer that keeps what was downloaded; says whether the last build left something there.
declare_cache() {
  if [[ -d $layers/$1 ]]; then say "the cache of the last build is there"; else say "the cache is empty"; fi
  declare_layer "$1" '' cache
}

# add_process TYPE COMMAND-LINE: for bash. A Procfile stands above what a buildpack would run.
add_process() {
  if [[ -f Procfile ]]; then
    say "the Procfile says what to run"
    return 0
  fi
  {
    printf '[[processes]]\ntype = "%s"\ncommand = ["bash", "-c", %s]\n' "$1" "$(quoted "$2")"
    [[ $1 != web ]] || echo 'default = true'
    echo
  } >>"$layers/launch.toml"
  say "$1 runs: $2"
}

# What a URL of a package (purl) may not hold as it is.
percent_encoded() {
  local text=$1 part='' character
  if [[ $text != *[!A-Za-z0-9._~/-]* ]]; then
    printf '%s' "$text"
    return 0
  fi
  while [[ -n $text ]]; do
    character=${text:0:1}
    text=${text:1}
    [[ $character == [A-Za-z0-9._~/-] ]] || printf -v character '%%%02X' "'$character"
    part+=$character
  done
  printf '%s' "$part"
}

# write_sbom FILE: a bill of materials in the form of CycloneDX of lines "TYPE<tab>NAME<tab>VERSION" (the type of a purl).
# It has no date and no serial number, so that the same parts make the same file.
write_sbom() {
  local type name version purl comma='' count=0
  {
    printf '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.4",\n  "version": 1,\n'
    printf '  "metadata": {"tools": [{"vendor": "Bakehouse", "name": %s}]},\n  "components": [' "$(quoted "buildpack $me")"
    while IFS=$'\t' read -r type name version; do
      purl="pkg:$type/$(percent_encoded "$name")@$(percent_encoded "$version")"
      printf '%s\n    {"type": "library", "bom-ref": %s, ' "$comma" "$(quoted "$purl")"
      printf '"name": %s, "version": %s, "purl": %s}' "$(quoted "${name#debian/}")" "$(quoted "$version")" "$(quoted "$purl")"
      comma=,
      count=$((count + 1))
    done < <(sort -u)
    printf '\n  ]\n}\n'
  } >"$1"
  say "the bill of materials names $count"
}

# The Debian packages of the libraries that programs are linked with, as lines for write_sbom; what no package has is not named.
linked_packages() { # FILE...
  local library
  command -v ldd >/dev/null && command -v dpkg-query >/dev/null || return 0
  for library in $(ldd "$@" 2>/dev/null | sed -n 's/^.*=> \(\/[^ ]*\) (0x.*/\1/p' | sort -u); do
    # A library may be known by the name that it had before /lib became a link to /usr/lib.
    dpkg-query --search "$library" "/usr$library" 2>/dev/null | sed -n 's/^\([^,: ]*\).*/\1/p' || true
  done | sort -u | while IFS= read -r library; do
    dpkg-query --show --showformat 'deb\tdebian/${Package}\t${Version}\n' "$library" 2>/dev/null | head -n 1
  done
}

# The process `web` of a directory of programs: the only one, or the one that is named like the application's own.
add_program() { # DIRECTORY [NAME]
  local programs=("$1"/*)
  [[ -e ${programs[0]} ]] || fail "no program was built" "see above what was built; a library alone is no application"
  if ((${#programs[@]} == 1)); then
    add_process web "exec ${programs[0]##*/}"
  elif [[ -n ${2:-} && -x $1/$2 ]]; then
    add_process web "exec $2"
  else
    [[ -f Procfile ]] || say "there are several programs (${programs[*]##*/}): say in a Procfile which one is web"
    [[ ! -f Procfile ]] || say "the Procfile says what to run"
  fi
}

# What was compiled before is found again by its content, where ccache is there.
use_ccache() {
  if ! command -v ccache >/dev/null; then
    say "without ccache everything is compiled anew (Debian: apt-get install ccache)"
    return 0
  fi
  declare_cache compiled
  export CCACHE_DIR=$layers/compiled CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  ccache --zero-stats >/dev/null
}

tell_ccache() {
  [[ -z ${CCACHE_DIR:-} ]] ||
    say "compiled before: $(ccache --print-stats | sed -n 's/^\(direct\|preprocessed\)_cache_hit\t//p' | paste -sd+ | sed 's/^$/0/' | { read -r sum; echo $((sum)); }) files"
}
