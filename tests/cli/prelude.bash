# shellcheck shell=bash
# What a story can say. Read by run_story.sh before the story.

# A command without `run` is preparation: when it fails, the story has no meaning and breaks off.
set -euo pipefail

# The command as one would type it: only what the shell would take apart is quoted.
print_command() {
  local word line='$'
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=@%+,~-]+$ ]] || word=${word@Q}
    line+=" $word"
  done
  printf '%s\n' "$line"
}

# run COMMAND...: prints the command, what it says, and how it ended unless all was well.
# Its own status is always 0: a story shows failures, the expected output judges them.
run() {
  local status=0
  print_command "$@"
  "$@" || status=$?
  ((status == 0)) || printf '[exit %d]\n' "$status"
}

# skip REASON: this machine cannot tell the story.
skip() {
  printf '%s\n' "$1"
  exit 77
}

# wait_until COMMAND...: until it succeeds, at most some twenty seconds.
wait_until() {
  local attempt
  for ((attempt = 0; attempt < 400; attempt++)); do
    if "$@"; then return 0; fi
    sleep 0.05
  done
  printf 'still not so after twenty seconds: %s\n' "$*"
  exit 1
}

# add_gate HOOK [WORD]: the hook of that name in ~/source prints the word, and waits until `open_gate` lets it go on.
# Root and home are side by side, so that the archive does not depend on where the story is told.
add_gate() {
  mkdir -p source/.bake/hooks
  [[ -p reached ]] || mkfifo reached gate
  # The variable is the hook's.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho %s\ncd "$BAKEHOUSE_ROOT/.."\necho >reached\nread -r _ <gate\n' "${2-waiting}" \
    >"source/.bake/hooks/$1"
  chmod +x "source/.bake/hooks/$1"
}

# Both ends of a FIFO wait for each other: nobody has to look again and again.
wait_for_gate() { timeout 60 cat reached >/dev/null; }
open_gate() { timeout 60 sh -c 'echo >gate'; }

# make_project DIRECTORY VERSION: the source of a project "shop" with one process and one page.
# Its files are of a day long past: what two versions share then does not hang on the second in which each was made.
make_project() {
  mkdir -p "$1/public"
  printf 'name: shop\nversion: %s\n' "$2" >"$1/bake.yaml"
  printf 'web: exec sleep 600\n' >"$1/Procfile"
  printf 'shop %s\n' "$2" >"$1/public/index.html"
  touch -d @1767225600 "$1/bake.yaml" "$1/Procfile" "$1/public/index.html"
}

# make_staging: ~/shop.key, and a root ~/staging that signs with it.
make_staging() {
  bake key new shop.key --no-password --quiet
  bake init shop --root staging --key shop.key --quiet
}

# make_archive VERSION [OPTION...]: ~/source as it stands becomes staging/releases/shop-VERSION.tar.zst.
# Within one second the clock alone would not tell which of two is the later.
make_archive() {
  local before
  before=$(find staging/releases -name '*.tar.zst' | wc -l)
  bake ./source --root staging --as "$1" --sequence "$((before + 1))" --no-apply --quiet "${@:2}"
}

# make_production: a root ~/production that trusts shop.key. Its processes run for the health check only: a story of
# those that live on says so, and stops them.
make_production() {
  release init shop --root production --quiet
  printf 'services: {driver: none}\n' >production/node.yaml
  release trust add shop.pub --root production --quiet
}
