#!/usr/bin/env bash
# What is linked into the programs: `release` can neither build nor sign, and `launch` needs no library.
#
#   links.sh BAKE RELEASE LAUNCH        the paths of the programs
#
# Exit status: 0 so it is, 1 it is not, 77 skipped (the reason is the last line printed).
set -euo pipefail

declare -A path=(
  [bake]=$(realpath "${1:?"give the path of the program bake"}")
  [release]=$(realpath "${2:?"give the path of the program release"}")
)
launch=$(realpath "${3:?"give the path of the program launch"}")
for tool in ldd nm readelf; do
  if ! command -v "$tool" >/dev/null; then
    echo "$tool is not installed"
    exit 77
  fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf 'links.sh: %s\n' "$1" >&2
  exit 1
}

# The names that only the build side has, as nm prints them: of our own code, and of libsodium's.
own_code='bakehouse::(source|buildpack|bakery)::|bakehouse::crypto::SecretKey::sign\('
# crypto_sign_verify_detached, which `release` needs, is none of these.
signing='\bcrypto_sign(_ed25519)?(_detached|_final_create|ph_final_create)?(@|$)'
git='\bgit_[a-z]'

for program in bake release; do
  nm -C "${path[$program]}" >"$scratch/$program.symbols" || fail "nm cannot read ${path[$program]}"
  # A program without symbols would pass every test below.
  grep -q ' main$' "$scratch/$program.symbols" || {
    echo "$program was stripped of its symbols"
    exit 77
  }
  nm -D --undefined-only "${path[$program]}" >"$scratch/$program.undefined"
  ldd "${path[$program]}" >"$scratch/$program.libraries"
done

# holds PROGRAM WHAT PATTERN: whether any of it is in the program; the findings are in the file `found`.
holds() { grep -E "$3" "$scratch/$1.$2" >"$scratch/found"; }

require_on_build_side_only() {
  local what=$1 pattern=$2
  holds bake "$what" "$pattern" || fail "bake has no $what like '$pattern': this test looks for the wrong thing"
  if holds release "$what" "$pattern"; then
    head -n 20 "$scratch/found" >&2
    fail "release holds what only bake may: $what like '$pattern'"
  fi
}

echo "release has no code that builds or signs, bake has"
require_on_build_side_only symbols "$own_code"
for namespace in source buildpack bakery; do
  require_on_build_side_only symbols "bakehouse::$namespace::"
done
require_on_build_side_only symbols 'SecretKey::sign\('

echo "release calls nothing that signs and nothing of git, bake does"
if holds bake libraries 'libsodium'; then
  require_on_build_side_only undefined "$signing"
else
  require_on_build_side_only symbols " [Tt] crypto_sign_ed25519_detached$"
fi
if holds bake libraries 'libgit2'; then
  require_on_build_side_only undefined "$git"
  require_on_build_side_only libraries 'libgit2'
else
  require_on_build_side_only symbols ' [Tt] git_repository_open'
fi

echo "launch is static"
nm "$launch" >"$scratch/launch.symbols"
readelf -d -l "$launch" >"$scratch/launch.dynamic"
if holds launch symbols '__(asan|ubsan|tsan|msan)_'; then
  echo "  not looked at: it was built with sanitizers, which are libraries"
elif holds launch dynamic 'NEEDED|INTERP'; then
  cat "$scratch/found" >&2
  fail "launch needs a library or a dynamic linker"
fi
