#!/usr/bin/env bash
# The real minisign and Bakehouse read each other's keys and signatures.
#
#   minisign.sh BAKE RELEASE        the paths of the programs
#
# Exit status: 0 they do, 1 they do not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
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

echo "a pass phrase that bake changed is the one that minisign asks for, and the key is the same"
printf 'battery staple\n' >other
cp plain.key changed.key
"$bake" key change-password changed.key --new-password-file password >/dev/null
signs_with changed.key plain.pub <password
"$bake" key change-password changed.key --password-file password --new-password-file other >/dev/null
signs_with changed.key plain.pub <other
if minisign -S -s changed.key -m file <password >/dev/null 2>&1; then
  fail "minisign opens changed.key with the pass phrase of before"
fi
minisign -R -f -s changed.key -p recreated.pub <other >/dev/null
same_key plain.pub recreated.pub
"$bake" key change-password changed.key --password-file other --no-password >/dev/null
signs_with changed.key plain.pub </dev/null

echo "a pass phrase that minisign changed is the one that bake asks for"
cat other other | minisign -C -s changed.key >/dev/null
"$bake" key show changed.key --password-file other >shown.pub
same_key plain.pub shown.pub

echo "a line of a pass phrase file that ends in CR LF means the same to both"
printf 'correct horse\r\n' >returns
signs_with locked.key locked.pub <returns
"$bake" key show locked.key --password-file returns >shown.pub
same_key locked.pub shown.pub

# An archive with a signature inside and two beside it, all by keys of minisign.
cat password password | minisign -G -s first.key -p first.pub >/dev/null
minisign -G -W -s second.key -p second.pub >/dev/null </dev/null
cat other other | minisign -G -s third.key -p third.pub >/dev/null
mkdir source
printf 'name: shop\nversion: 1.0\n' >source/bake.yaml
printf 'web: exec sleep 60\n' >source/Procfile
"$bake" init shop --root staging --quiet
cat password other >phrases
"$bake" ./source --root staging --key first.key --key third.key --password-file phrases --no-apply --quiet
archive=staging/releases/shop-1.0.tar.zst
"$bake" sign "$archive" --key second.key --quiet
tar --zstd -xf "$archive" .bakehouse/release.json .bakehouse/release.json.minisig

# key_id PUB: sixteen digits, of which minisign leaves out leading zeros.
key_id() {
  printf '%016X\n' "0x$(sed -n '1s/.* //p' "$1")"
}

echo "minisign verifies the signatures of an archive, inside and beside it"
minisign -V -q -p first.pub -m "$archive" || fail "minisign does not verify the archive"
minisign -V -q -p first.pub -m .bakehouse/release.json || fail "minisign does not verify the signature inside"
for name in second third; do
  signature=$archive.sigs/$(key_id "$name.pub").minisig
  minisign -V -q -p "$name.pub" -m .bakehouse/release.json -x "$signature" ||
    fail "minisign does not verify the signature of the $name key"
  ! minisign -V -q -p first.pub -m .bakehouse/release.json -x "$signature" 2>/dev/null ||
    fail "minisign takes the signature of the $name key for that of the first"
done
cmp <(sed -n 3p .bakehouse/release.json.minisig) <(sed -n 3p "$signature") || fail "the trusted comments differ"

echo "signatures by minisign count here"
"$release" init shop --root production --quiet
printf 'services: {driver: none}\n' >production/node.yaml
for name in first second third; do "$release" trust add "$name.pub" --root production --quiet; done
echo 'threshold: 3' >production/.bakehouse/trust/policy.yaml
"$release" verify "$archive" --root production --quiet
rm -r "$archive.sigs"
if "$release" verify "$archive" --root production --quiet 2>said; then fail "one signature is taken for three"; fi
mkdir "$archive.sigs"
comment=$(sed -n '3s/^trusted comment: //p' .bakehouse/release.json.minisig)
# sign_by_minisign KEY TRUSTED-COMMENT
sign_by_minisign() {
  minisign -S -s "$1.key" -m .bakehouse/release.json -x "$archive.sigs/$(key_id "$1.pub").minisig" -t "$2" >/dev/null
}
sign_by_minisign second "$comment" </dev/null
sign_by_minisign third "$comment" <other
"$release" verify "$archive" --root production --quiet
"$release" apply "$archive" --root production --quiet

echo "and do not when they mean something else"
sign_by_minisign third "looks good to me" <other
if "$release" verify "$archive" --root production 2>said; then fail "a comment of a human counts"; fi
grep -q "speaks of another release" said || fail "another reason is given: $(cat said)"
minisign -S -l -s second.key -m .bakehouse/release.json -x "$archive.sigs/$(key_id second.pub).minisig" \
  -t "$comment" >/dev/null </dev/null
if "$release" verify "$archive" --root production 2>said; then fail "a legacy signature counts"; fi
grep -q "legacy signature" said || fail "another reason is given: $(cat said)"
