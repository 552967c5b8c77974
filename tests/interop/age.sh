#!/usr/bin/env bash
# The real age and Bakehouse open what the other has sealed.
#
#   age.sh AGE_TOOL       the path of the program
#
# Exit status: 0 they do, 1 they do not, 77 skipped (the reason is the last line printed).
set -euo pipefail

tool=$(realpath "${1:?"give the path of the program age_tool"}")
if [[ -z $(type -P age) ]]; then
  echo "age is not installed"
  exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'age.sh: %s\n' "$1" >&2
  exit 1
}

for name in one two; do age-keygen -o "$name" 2>/dev/null; done
one=$(age-keygen -y one)
two=$(age-keygen -y two)
printf '%s\n# a comment\n\n%s\n' "$one" "$two" >recipients

# The sizes at which a content is cut into one piece more.
for size in 0 1 65535 65536 65537 1048576; do
  head -c "$size" /dev/urandom >content
  for armor in "" --armor; do
    echo "$size bytes, ${armor:-binary}"
    # shellcheck disable=SC2086
    "$tool" seal $armor "$one" "$two" <content >ours
    # shellcheck disable=SC2086
    age -e $armor -R recipients <content >theirs
    for key in one two; do
      age -d -i "$key" <ours | cmp - content || fail "age does not open what is sealed here"
      "$tool" open "$key" <theirs | cmp - content || fail "what age has sealed does not open here"
    done
    [[ $(wc -c <ours) == "$(wc -c <theirs)" ]] || fail "the two are not of one length"
  done
done

echo "an identity of another opens neither"
age-keygen -o other 2>/dev/null
if age -d -i other <ours >/dev/null 2>&1; then fail "age opens it"; fi
if "$tool" open other <theirs 2>said; then fail "it opens here"; fi
grep -q 'sealed to others' said

if [[ -z $(type -P script) ]]; then
  echo "pass phrases are not tried: script is not installed"
  exit 0
fi

# What is typed before age has switched the echo off could be lost.
is_asked() {
  (($(grep -o ': ' shown | wc -l) >= $1)) && stty -a -F "$(cat terminal)" | grep -qw -e '-echo'
}

# at_terminal KEYS COMMAND: types KEYS, one word a question. age asks at a terminal only.
at_terminal() {
  local asked=0 keys attempt
  rm -f typing terminal
  mkfifo typing
  : >shown
  script -qefc "tty >terminal; $2" /dev/null <typing >shown 2>&1 &
  exec 8>typing
  for keys in $1; do
    ((++asked))
    for ((attempt = 0; attempt < 400; attempt++)); do
      is_asked "$asked" 2>/dev/null && break
      sleep 0.05
    done
    printf '%s\n' "$keys" >&8
  done
  exec 8>&-
  wait $!
}

echo "pass phrases"
printf 'open-sesame\n' >phrase
head -c 70000 /dev/urandom >content
for armor in "" --armor; do
  at_terminal 'open-sesame open-sesame' "age -p $armor -o theirs content" || fail "age does not seal: $(cat shown)"
  "$tool" open-by phrase <theirs | cmp - content || fail "what age has sealed does not open here"
  rm theirs
  # shellcheck disable=SC2086
  "$tool" seal-by $armor phrase <content >ours
  at_terminal 'open-sesame' "age -d -o opened ours" || fail "age does not open it: $(cat shown)"
  cmp opened content
  rm opened
done
