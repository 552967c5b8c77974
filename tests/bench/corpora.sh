#!/usr/bin/env bash
# Makes the trees that the benchmarks run on. What is there already is left alone; a tree is there whole or not.
#
#   corpora.sh DIR [NAME...]        into DIR, on the file system to be measured; all of them unless named
#
#   node-v1   a web application's dependencies: about 22,000 files, 420 MB, pinned by node-v1/package-lock.json
#   node-v2   the same a few versions on; a file that is in both and equal has the same time in both
#   tiny      100,000 files of 1 to 4 KB in 2,000 directories
#   big       3 files of 1 GB that no compression makes smaller
#   source    the sources of a kernel without its drivers, from Debian's linux-source-6.1: 47,000 files, 380 MB
#   code      20,000 files of 100 B to 20 KB, as source code has them, in 1,500 directories
#   million   1,000,000 files in 5,000 directories, nine of ten empty: for measuring memory
#
# Needs node with npm and its registry for the first two, apt-get of a Debian 12 for `source`, python3 for all,
# 8 GB and 1,300,000 inodes.
# Exit status: 0 all are there, 1 not.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
directory=${1:?"give the directory to make them in"}
shift
mkdir -p "$directory"
directory=$(realpath "$directory")

# Installs what the lock says. No script of a package runs, and no binary that only one kind of machine can use comes.
install_packages() { # NAME TO
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$2"
  (cd "$2" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund)
}

# Of names that differ in case only, which no release may hold, the second and those after it are left out.
unpack_kernel() { # TO
  local part=$directory/.part-kernel
  rm -rf "$part"
  mkdir "$part"
  (cd "$part" && apt-get -q download linux-source-6.1 && dpkg-deb -x linux-source-6.1_*.deb .)
  tar -xJf "$part/usr/src/linux-source-6.1.tar.xz" -C "$1" --strip-components=1 --exclude='*/drivers/*'
  (cd "$1" && find . -print | LC_ALL=C sort -f | LC_ALL=C uniq -Di | awk 'tolower($0) == last { print } { last = tolower($0) }' |
    xargs -r -d '\n' rm -rf)
  rm -rf "$part"
}

make_corpus() { # NAME TO
  case $1 in
    node-v1) install_packages "$@" && python3 "$here/files.py" settle "$2" ;;
    node-v2) install_packages "$@" && python3 "$here/files.py" settle "$2" "$directory/node-v1" ;;
    source) unpack_kernel "$2" ;;
    code) python3 "$here/files.py" "$@" && python3 "$here/files.py" settle "$2" ;;
    tiny | big | million) python3 "$here/files.py" "$1" "$2" ;;
    *)
      printf 'corpora.sh: no corpus is called %s\n' "$1" >&2
      return 1
      ;;
  esac
}

if (($# == 0)); then set -- node-v1 node-v2 tiny big source code million; fi
for name; do
  if [[ -d $directory/$name ]]; then continue; fi
  printf 'making %s\n' "$name"
  part=$directory/.part-$name
  rm -rf "$part"
  mkdir "$part"
  make_corpus "$name" "$part"
  mv "$part" "$directory/$name"
done
