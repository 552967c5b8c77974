#!/usr/bin/env bash
# Everything Bakehouse writes opens without Bakehouse: an archive and its manifest, read by other people's programs.
#
#   archive.sh BAKE RELEASE         the paths of the programs
#
# Exit status: 0 they agree, 1 they do not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
for tool in minisign zstd bsdtar mtree; do
  if ! command -v "$tool" >/dev/null; then
    echo "$tool is not installed"
    exit 77
  fi
done
# Names are bytes here. (bsdtar complains of those that its locale cannot spell, but keeps them.)
export LC_ALL=C TZ=UTC
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'archive.sh: %s\n' "$1" >&2
  exit 1
}

same() { # EXPECTED FOUND WHAT
  diff -u "$1" "$2" >difference || {
    cat difference >&2
    fail "$3"
  }
}

letters() { # LETTER COUNT
  printf '%*s' "$2" '' | tr ' ' "$1"
}

# Every name and kind of file that one program or another has stumbled over.
make_source() {
  local name deep
  mkdir -p 'source/a dir/inner' source/empty-dir
  cd source
  printf 'name: shop\n' >bake.yaml
  printf 'web: exec sleep 60\n' >Procfile
  for name in 'a dir/a file' '#hash' 'star*' 'q?[x]' 'back\slash' '-dash' '~tilde' '!bang' 'a=b' 'a,b' '100%' "quo\"te'" \
    $'caf\xc3\xa9' $'latin\xe9' $'new\nline' $'tab\t' $'bell\a' '...' '.hidden' 'a dir/.. '; do
    printf 'content of %q\n' "$name" >"$name"
  done
  : >empty
  printf '#!/bin/sh\n' >run
  chmod 755 run
  head -c 3000000 /dev/urandom >large
  truncate -s 1M zeros
  # 512 bytes fill a block of tar exactly; one more needs another.
  head -c 512 /dev/urandom >block
  head -c 513 /dev/urandom >block-and-one
  name=$(letters n 120)
  deep=$(letters d 200)/$(letters e 200)
  mkdir -p "$deep"
  printf 'a name over 100 bytes\n' >"$name"
  printf 'a path over 255 bytes\n' >"$deep/$name"
  printf 'a name of 255 bytes\n' >"$(letters m 255)"
  for name in 100 101; do printf '%s bytes\n' "$name" >"$(letters "x" "$name")"; done
  cp -p large twin
  cp -p large "$deep/twin"
  ln -s 'a dir/a file' 'a link'
  ln -s '../#hash' 'a dir/link'
  ln -s "$deep/$(letters n 120)" 'link to a long path'
  ln -s ../../run "$deep/$(letters l 150)"
  ln -s 'nowhere *' dangling
  ln -s ../empty-dir 'a dir/link to a directory'
  cd ..
}

# describe DIR: names, types, modes, targets, times of files, and the content of every file.
describe() {
  (
    cd "$1"
    find . -path ./.bakehouse -prune -o -mindepth 1 -printf '%p\t%y\t%m\t%l\0' | sort -z | tr '\0' '\n'
    find . -path ./.bakehouse -prune -o -type f -printf '%p\t%T@\t%s\0' | sort -z | tr '\0' '\n'
    find . -path ./.bakehouse -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
  )
}

# \ooo is a byte in a manifest, as it is in a format of printf.
unescape() {
  # shellcheck disable=SC2059
  printf -- "${1//%/%%}"
}

# What a reader lists, as plain names, one a line: "dir/" and "./dir" become "dir".
plain_names() {
  sed -e 's|^\./||' -e 's|/$||' -e '/^\.$/d' | sort
}

make_source
"$bake" key new shop.key --no-password >/dev/null
"$bake" init shop --root staging >/dev/null
SOURCE_DATE_EPOCH=1700000000 "$bake" ./source --root staging --key shop.key --as 1.0 --no-apply --quiet
"$release" init shop --root production >/dev/null
printf 'services: {driver: none}\n' >production/node.yaml
"$release" trust add shop.pub --root production >/dev/null
archive=staging/releases/shop-1.0.tar.zst

echo "the same source gives the same bytes on another day, elsewhere, for somebody else"
(
  umask 077
  export TZ=Asia/Tokyo LC_ALL=C.UTF-8
  mkdir elsewhere
  # Another order in the directories, other modes and times.
  mkdir 'elsewhere/the source'
  find source -mindepth 1 -maxdepth 1 -print0 | sort -rz | xargs -0 cp -r --no-dereference -t 'elsewhere/the source'
  cd elsewhere
  "$bake" init shop --root ./root >/dev/null
  SOURCE_DATE_EPOCH=1700000000 "$bake" './the source' --root ./root --key ../shop.key --as 1.0 --no-apply --quiet
)
for file in "$archive" "$archive.minisig"; do
  cmp "$file" "elsewhere/root/releases/${file##*/}" || fail "$file is not reproducible"
done

"$release" apply "$archive" --root production --quiet
deployment=$(realpath production/deploy/current)
manifest=$deployment/.bakehouse/manifest
describe "$deployment" >expected

echo "minisign verifies the archive and release.json"
minisign -V -q -p shop.pub -m "$archive" || fail "minisign does not verify the archive"
minisign -V -q -p shop.pub -m "$deployment/.bakehouse/release.json" || fail "minisign does not verify release.json"
cp "$archive" changed.tar.zst
cp "$archive.minisig" changed.tar.zst.minisig
printf 'x' >>changed.tar.zst
! minisign -V -q -p shop.pub -m changed.tar.zst 2>/dev/null || fail "minisign verifies a changed archive"

echo "zstd finds nothing wrong with it"
zstd -tq "$archive" || fail "zstd -t fails"

echo "the seek table says where every frame lies, and each unpacks alone"
# As zstd's seekable format has it: the sizes of frames add up to the offsets of those that follow.
u32() { # OFFSET
  od -An -tu4 --endian=little -j "$1" -N 4 "$archive" | tr -d ' '
}
size=$(stat -c %s "$archive")
frames=$(u32 $((size - 9)))
table=$((size - 9 - 8 * frames))
zstd -dcq "$archive" >whole.tar
offset=0
for ((i = 0; i < frames; ++i)); do
  length=$(u32 $((table + 8 * i)))
  dd if="$archive" of=frame.zst bs=64K iflag=skip_bytes,count_bytes skip="$offset" count="$length" status=none
  zstd -dcq frame.zst >frame
  [[ $(stat -c %s frame) == $(u32 $((table + 8 * i + 4))) ]] || fail "frame $i does not hold what the seek table says"
  cat frame >>frames.tar
  offset=$((offset + length))
done
[[ $offset == $((table - 8)) ]] || fail "the frames of the seek table end at $offset, the table begins at $((table - 8))"
((frames > 6)) || fail "only $frames frames"
cmp whole.tar frames.tar || fail "the frames one by one are not the archive"

echo "GNU tar lists and unpacks it"
tar --zstd -tf "$archive" --quoting-style=escape >tar-names
sed -n 1,5p tar-names >first
printf '.bakehouse/%s\n' release.json release.json.minisig manifest bake.yaml launch.json >first-expected
same first-expected first "GNU tar does not list .bakehouse/ first"
mkdir by-tar
tar --zstd -xf "$archive" -C by-tar
describe by-tar >found
same expected found "GNU tar unpacks another tree"
for part in release.json release.json.minisig manifest bake.yaml launch.json; do
  cmp "by-tar/.bakehouse/$part" "$deployment/.bakehouse/$part" || fail "GNU tar unpacks another $part"
done
# Without a suffix only the first bytes say what it is.
cp "$archive" no-suffix
tar -tf no-suffix --quoting-style=escape >found
same tar-names found "GNU tar does not recognise the archive by its content"

echo "what GNU tar unpacks holds what was baked"
diff -r --no-dereference --exclude=.bakehouse source by-tar >difference || {
  cat difference >&2
  fail "the archive is not the source"
}

echo "bsdtar lists and unpacks it"
bsdtar -tf "$archive" | plain_names >found
plain_names <tar-names >expected-names
same expected-names found "bsdtar lists other names than GNU tar"
mkdir by-bsdtar
bsdtar -xpf "$archive" -C by-bsdtar
# What GNU tar and bsdtar restore as hard links are files of their own here; that is all that differs.
describe by-bsdtar >found
same expected found "bsdtar unpacks another tree"

echo "libarchive reads the manifest"
bsdtar -tf "$manifest" | plain_names >found
grep -v '^\.bakehouse/' expected-names >expected-tree-names
same expected-tree-names found "libarchive reads other names in the manifest"
# It makes the archive that the manifest describes; the content comes from the deployed tree.
(cd "$deployment" && bsdtar -cf "$scratch/by-manifest.tar" --format=gnutar @.bakehouse/manifest)
mkdir by-manifest
tar -xpf by-manifest.tar -C by-manifest
describe by-manifest >found
same expected found "libarchive reads another tree in the manifest"

echo "mtree verifies the deployed tree with it, and says nothing but that .bakehouse/ is extra"
mtree -f "$manifest" -p "$deployment" >found 2>&1 || true
echo "extra: .bakehouse" >verified
same verified found "mtree disagrees with the manifest"
echo .bakehouse >exclusions
mtree -f "$manifest" -p "$deployment" -X exclusions >found 2>&1 || true
[[ ! -s found ]] || fail "mtree disagrees with the manifest: $(cat found)"

echo "mtree sees what was changed"
cp -a "$deployment" drifted
printf 'content of Star\\*\n' >'drifted/star*'
touch -d @1700000000 'drifted/star*'
chmod 600 drifted/empty
ln -sfn elsewhere drifted/dangling
rm 'drifted/a dir/a file'
: >drifted/more
mtree -f "$manifest" -p drifted -X exclusions >found 2>&1 || true
for name in 'star*:' 'empty:' 'dangling:' 'missing: ./a dir/a file' 'extra: more'; do
  grep -qF -- "$name" found || fail "mtree does not say '$name': $(cat found)"
done

echo "sha256sum and stat agree with every line of it"
count=0
while read -r path type mode rest; do
  name=$(unescape "$path"; printf x)
  name=${name%x}
  file=$deployment/${name#./}
  if [[ $path == . ]]; then
    [[ "$type $mode$rest" == "type=dir " ]] || fail "the entry of the top is '$type $mode $rest'"
    continue
  fi
  case $type in
    type=dir) wanted=directory attributes='' ;;
    type=link)
      wanted='symbolic link'
      [[ $(readlink "$file") == "$(unescape "${rest#link=}")" ]] || fail "$path leads elsewhere"
      ;;
    type=file)
      wanted='regular*file'
      attributes="size=$(stat -c '%s' "$file") time=$(stat -c '%Y' "$file").0"
      attributes+=" sha256digest=$(sha256sum <"$file" | cut -d ' ' -f 1)"
      [[ $rest == "$attributes" ]] || fail "$path has $attributes, not $rest"
      ;;
    *) fail "the type '$type' is none of ours" ;;
  esac
  # shellcheck disable=SC2053 # a pattern: an empty file is a "regular empty file"
  [[ $(stat -c %F "$file") == $wanted ]] || fail "$path is not $type"
  [[ $mode == "mode=0$(stat -c %a "$file")" ]] || fail "$path has not $mode"
  count=$((count + 1))
done < <(tail -n +2 "$manifest")
found_entries=$(find "$deployment" -mindepth 1 -path "$deployment/.bakehouse" -prune -o -mindepth 1 -printf x | wc -c)
[[ $count == "$found_entries" ]] || fail "the manifest lists $count entries, there are $found_entries"

echo "release.json names the digests of all parts"
json=$(cat "$deployment/.bakehouse/release.json")
for part in manifest bake.yaml launch.json; do
  digest=$(sha256sum <"$deployment/.bakehouse/$part" | cut -d ' ' -f 1)
  [[ $json == *"\"sha256\":\"$digest\""* ]] || fail "release.json does not name the digest of $part"
done
[[ $json == *"\"entries\":$count,"* ]] || fail "release.json says another number of entries"
comment=$(sed -n 's/^trusted comment: //p' "$deployment/.bakehouse/release.json.minisig")
digest=$(sha256sum <"$deployment/.bakehouse/release.json" | cut -d ' ' -f 1)
[[ $comment == "bakehouse release name=shop version=1.0 sequence=1700000000 sha256=$digest" ]] ||
  fail "the trusted comment is '$comment'"
