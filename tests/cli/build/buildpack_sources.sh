#!/usr/bin/env bash
# Buildpacks come out of archives and repositories, pinned; what was fetched once is used when both are gone.

make_staging
make_production
make_project source 1.0

# make_pack DIRECTORY ID FILE: a buildpack that leaves FILE in the application.
make_pack() {
  mkdir -p "$1/bin"
  printf 'api = "0.12"\n[buildpack]\nid = "%s"\nversion = "1.2"\n' "$2" >"$1/buildpack.toml"
  printf '#!/bin/sh\nexit 0\n' >"$1/bin/detect"
  printf '#!/bin/sh\nexec touch %s\n' "$3" >"$1/bin/build"
  chmod +x "$1"/bin/*
}

make_pack packs/one acme/one by-one
make_pack packs/two acme/two by-two
tar -C packs -czf packs.tgz --sort=name --mtime=@0 --owner=0 --group=0 --format=ustar one two
digest=$(sha256sum packs.tgz | cut -d ' ' -f 1)

make_pack work acme/three by-three
export GIT_AUTHOR_DATE='@1767225600 +0000' GIT_COMMITTER_DATE='@1767225600 +0000'
git init --quiet --initial-branch=main work
git -C work add --all
git -C work -c user.name=A -c user.email=a@example.org commit --quiet --message='A buildpack'
git clone --quiet --bare work three.git
commit=$(git -C work rev-parse HEAD)

# bake_with BUILDPACK...: what a project that names them is built by.
bake_with() {
  printf 'name: shop\nversion: 1.0\nbuildpacks:\n' >source/bake.yaml
  printf -- '  - "%s"\n' procfile "$@" >>source/bake.yaml
  run bake ./source --root staging --no-apply --quiet
}

echo "An archive of several buildpacks has to be told which one is meant, and a branch is no pin:"
bake_with "$PWD/packs.tgz"
bake_with "$PWD/three.git#main"

echo "Named and pinned:"
bake_with "$PWD/packs.tgz//one#sha256=$digest" "$PWD/three.git#$commit"
run release list staging/releases/shop-1.0.tar.zst --root production | grep -o 'by-.*'
run release show staging/releases/shop-1.0.tar.zst --root production | grep 'built by' | sed "s/$digest/<digest>/; s/$commit/<commit>/"
mv staging/releases/shop-1.0.tar.zst first.tar.zst

echo "The same with the archive and the repository gone:"
rm -rf packs.tgz three.git work packs
bake_with "$PWD/packs.tgz//one#sha256=$digest" "$PWD/three.git#$commit"
run release list staging/releases/shop-1.0.tar.zst --root production | grep -o 'by-.*'

echo "What is not kept needs its archive:"
bake_with "$PWD/packs.tgz//one#sha256=${digest//[0-9a-f]/0}"
