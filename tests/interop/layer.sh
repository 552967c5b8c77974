#!/usr/bin/env bash
# An archive is a layer of a container image as it is: skopeo reads it out of an OCI layout and decompresses it to the
# very tar stream that zstd and 7zz find in it.
#
#   layer.sh ARCHIVE_TOOL         the path of the program
#
# Exit status: 0 they agree, 1 they do not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tool=$(realpath "${1:?"give the path of the program archive_tool"}")
for program in skopeo 7zz zstd; do
  if ! command -v "$program" >/dev/null; then
    echo "$program is not installed"
    exit 77
  fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'layer.sh: %s\n' "$1" >&2
  exit 1
}

digest_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# What an OCI layout says of a blob: its digest and size.
described() { printf '"digest":"sha256:%s","size":%s' "$(digest_of "$1")" "$(stat -c %s "$1")"; }

put_blob() { cp "$1" "oci/blobs/sha256/$(digest_of "$1")"; }

# An image whose only layer is the archive, made by hand from the specification.
make_image() { # ARCHIVE TAR
  local oci=application/vnd.oci.image
  mkdir -p oci/blobs/sha256
  printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(digest_of "$2")" >config
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"%s",%s}]}' \
    $oci.manifest.v1+json $oci.config.v1+json "$(described config)" $oci.layer.v1.tar+zstd "$(described "$1")" >manifest
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s}]}' $oci.manifest.v1+json "$(described manifest)" \
    >oci/index.json
  printf '{"imageLayoutVersion":"1.0.0"}' >oci/oci-layout
  put_blob "$1"
  put_blob config
  put_blob manifest
}

# Several frames, of many members and of one.
mkdir -p tree/many
for i in $(seq 300); do head -c $((i * 20)) /dev/urandom | base64 >"tree/many/file-$i"; done
head -c 5000000 /dev/urandom >tree/large
ln -s many/file-1 tree/link
"$tool" key key
"$tool" pack tree shop.tar.zst --key key

zstd -qdc shop.tar.zst >shop.tar
tar -tf shop.tar >names
grep -qx many/file-300 names || fail "tar misses what is in it"

7zz e -so shop.tar.zst >by-7zz.tar 2>7zz.log || fail "7zz refuses it: $(tail -n 5 7zz.log)"
cmp shop.tar by-7zz.tar || fail "7zz finds another stream than zstd"
echo "7zz: the same stream as zstd, $(wc -l <names) members"

make_image shop.tar.zst shop.tar
skopeo copy --quiet oci:oci dir:as-it-is || fail "skopeo does not copy the image"
cmp shop.tar.zst "as-it-is/$(digest_of shop.tar.zst)" || fail "skopeo changed the layer"
skopeo copy --quiet --dest-decompress oci:oci dir:decompressed || fail "skopeo does not decompress the layer"
cmp shop.tar "decompressed/$(digest_of shop.tar)" || fail "skopeo finds another stream than zstd"
echo "skopeo: a layer of an image, copied as it is and decompressed"
