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
