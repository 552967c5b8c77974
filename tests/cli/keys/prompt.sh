#!/usr/bin/env bash
# At a terminal a pass phrase is asked for and typed unseen; Ctrl-C at the question ends the command.

[[ -n $(type -P script) ]] || skip 'script is missing (Debian: bsdutils)'

# at_prompt KEYS COMMAND: types KEYS, one word a question, when COMMAND asks. Shows all that the
# terminal showed, and whether it still echoes afterwards.
at_prompt() {
  local keys asked=0
  printf '$ %s\n' "$2"
  rm -f typing terminal
  : >shown
  mkfifo typing
  # The shell outlives the Ctrl-C that is meant for the command.
  script -qefc "trap : INT; tty >terminal; $2; echo \"[exit \$?]\"; stty -a | grep -ow -e '-\\?echo'" \
    /dev/null <typing >shown &
  exec 8>typing
  for keys in $1; do
    ((++asked))
    wait_until is_asked "$asked"
    printf '%b' "$keys" >&8
  done
  wait_until grep -qx -e '-\?echo.' shown
  exec 8>&-
  wait
  tr -d '\r' <shown
}

# What is typed before the echo is off would be shown, and is thrown away.
is_asked() {
  (($(grep -o 'pass phrase\|once more' shown | wc -l) == $1)) && stty -a -F "$(cat terminal)" | grep -qw -e '-echo'
}

at_prompt 'open\0040sesame\n open\0040sesame\n' 'bake key new asked.key'
at_prompt 'open\0040sesame\n' 'bake key show asked.key'
at_prompt '\003' 'bake key show asked.key'
at_prompt '\003' 'bake key new other.key'
run ls asked.key asked.pub other.key

# Another pass phrase: the present one first. Whoever leaves half way keeps what was.
at_prompt 'open\0040sesame\n new\n new\n' 'bake key change-password asked.key'
at_prompt 'new\n other\n \003' 'bake key change-password asked.key'
at_prompt 'new\n' 'bake key show asked.key'

# Baking asks as well, and can be left as well.
bake init shop --root staging --key asked.key --quiet
make_project source 1.0.0
at_prompt '\003' 'bake ./source --root staging --no-apply --quiet'
run ls staging/releases
