#!/usr/bin/env bash
# The real minisign and bake read each other's keys.
#
#   minisign.sh BAKE        the path of the program
#
# Exit status: 0 they do, 1 they do not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
if ! command -v minisign >/dev/null; then
  echo "minisign is not installed"
  exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
printf 'a file to sign\n' >file
printf 'correct horse\n' >password

fail() {
  printf 'minisign.sh: %s\n' "$1" >&2
  exit 1
}

# Comments differ between the programs, keys must not.
key_line() { sed -n 2p "$1"; }

same_key() {
  [[ -n $(key_line "$1") && $(key_line "$1") == "$(key_line "$2")" ]] || fail "$1 and $2 are different keys"
}

# signs_with KEY PUB: minisign signs with KEY, asking standard input for a password if need be.
signs_with() {
  rm -f file.minisig
  minisign -S -s "$1" -m file -t 'a trusted comment' >/dev/null || fail "minisign does not sign with $1"
  minisign -V -q -p "$2" -m file || fail "minisign does not verify with $2"
}

echo "a key of bake, not encrypted, signs and verifies in minisign"
"$bake" key new plain.key --no-password >/dev/null
signs_with plain.key plain.pub </dev/null
minisign -R -s plain.key -p recreated.pub </dev/null >/dev/null
same_key plain.pub recreated.pub

echo "a key of bake, encrypted, signs and verifies in minisign"
"$bake" key new locked.key --password-file password >/dev/null
signs_with locked.key locked.pub <password
if echo "wrong horse" | minisign -S -s locked.key -m file >/dev/null 2>&1; then
  fail "minisign opens locked.key with another password"
fi

echo "a key of minisign, not encrypted, is read by bake"
minisign -G -W -s theirs.key -p theirs.pub >/dev/null </dev/null
"$bake" key show theirs.key >shown.pub
same_key theirs.pub shown.pub

echo "a key of minisign, encrypted, is read by bake"
cat password password | minisign -G -s secret.key -p secret.pub >/dev/null
"$bake" key show secret.key --password-file password >shown.pub
same_key secret.pub shown.pub

echo "a key of minisign whose password was removed is read by bake"
minisign -C -W -s secret.key <password >/dev/null
"$bake" key show secret.key >shown.pub
same_key secret.pub shown.pub

echo "the public key that bake shows verifies in minisign"
signs_with secret.key shown.pub </dev/null
