# What a tree is, as text to compare: for the tests that cut it off half-way. Sourced, with LC_ALL=C.

# describe DIRECTORY: names, kinds, modes, owners, times of files to the nanosecond, which names share an inode (told
# by the first of them) and how many do, targets of links, extended attributes, content. Times of directories are
# left out: they say when a name was made. So is DIRECTORY itself. A newline in a name shows as the byte 1.
describe() (
  cd "$1" || exit 1
  # No path has "//" in it.
  find . -mindepth 1 -printf '%P//%i//%y//%m %U:%G %n %T@//%l\0' | sort -z | tr '\n\0' '\001\n' | awk -F '//' '
    !($2 in first) { first[$2] = $1 }
    $3 == "f" { print $1 "|" $3 " " $4 " is " first[$2]; next }
    {
      split($4, part, " ")
      target = $5
      for (i = 6; i <= NF; ++i) target = target "//" $i
      print $1 "|" $3 " " part[1] " " part[2] " -> " target
    }'
  find . -type f -print0 | sort -z | xargs -0 -r sha256sum
  find . -mindepth 1 -print0 | sort -z | xargs -0 -r getfattr --no-dereference --dump --match=- --
)

# outline DIRECTORY: only what every way of making a tree keeps: names, kinds, modes, targets of links, content.
outline() (
  cd "$1" || exit 1
  find . -mindepth 1 -printf '%P %y %m %l\0' | sort -z
  find . -type f -print0 | sort -z | xargs -0 -r sha256sum
)
