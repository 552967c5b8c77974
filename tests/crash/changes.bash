# Two small trees between which everything changes that can change. Sourced, in an empty directory.

# put FILE CONTENT [WHEN]: a file and its time.
put() {
  printf '%s\n' "$2" >"$1"
  touch -d "${3-2024-02-03 04:05:06.123456789Z}" "$1"
}

# Only root can give files away.
give_away() {
  if ((EUID == 0)); then chown -h "$@"; fi
}

# Names that have broken programs before.
odd_names=('new'$'\n''line' 'tab'$'\t' $'latin\xe9' '-dash' 'back\slash' '*' '...' ' ' 'quo"te' 'a=b' '#hash' '~')

# make_old DIR: what is there. `keep` and all in it is protected.
make_old() (
  mkdir "$1"
  cd "$1" || exit 1
  mkdir same content mode kinds kinds/dir-to-{file,link} links names old-only old-only/keep old-only/deep{,/er}
  mkdir attributes owner empty-stays empty-goes
  put same/file 'the same'
  ln -s file same/link
  put content/other 'old content'
  put content/shrinks "$(printf '%09999d' 0)"
  put content/grows 'small'
  : >content/filled
  put content/emptied 'not for long'
  put content/same-size-and-time 'old content'
  put content/set-uid 'old program'
  chmod 4755 content/set-uid
  truncate -s 256K content/sparse
  put content/time 'touched later'
  put mode/file 'a file'
  put mode/open 'secret, but open'
  chmod 700 mode
  put owner/file 'a file'
  put owner/user 'content changes too'
  put kinds/file-to-dir 'a file'
  put kinds/file-to-link 'a file'
  ln -s nowhere kinds/link-to-file
  ln -s file-to-dir kinds/link-to-dir
  put kinds/dir-to-file/one 1
  mkdir kinds/dir-to-file/sub
  put kinds/dir-to-file/sub/two 2
  put kinds/dir-to-link/one 1
  ln -s ../same/file links/retargeted
  ln -s /nowhere links/removed
  put links/one joined
  put links/two joined
  put links/three parted
  ln links/three links/four
  put links/five 'linked, content changes'
  ln links/five old-only/five
  ln links/five links/six
  put old-only/file 'goes'
  put old-only/keep/state 'not of the release'
  ln -s state old-only/keep/link
  put old-only/deep/er/file 'goes'
  put attributes/changed x
  put attributes/added x
  put attributes/removed x
  setfattr -n user.kept -v 'old' attributes/changed
  setfattr -n user.gone -v 'old' attributes/removed attributes
  local name
  for name in "${odd_names[@]}"; do put "names/$name" "old $name"; done
  put "names/$(printf '%0255d' 0)" 'a long name'
  put names/plain x
  put swapped-one 1
  put swapped-two 2
  mkdir read-only
  put read-only/file 'old'
  chmod 555 read-only
)

# make_new DIR: what shall be there, made from a copy of the old.
make_new() (
  cd "$1" || exit 1
  put content/other 'new and longer content' '2024-05-06 07:08:09.000000001Z'
  put content/shrinks 'small'
  put content/grows "$(printf '%09999d' 1)"
  put content/filled 'no longer empty'
  : >content/emptied
  put content/same-size-and-time 'new content'
  put content/set-uid 'new program'
  chmod 4755 content/set-uid
  printf x | dd of=content/sparse bs=1 seek=100000 conv=notrunc status=none
  touch -d '2024-02-03 04:05:06.123456788Z' content/time
  chmod 640 mode/file
  chmod 600 mode/open
  chmod 755 mode
  give_away 7:7 owner/file
  give_away -R :8 owner
  put owner/user 'new content' '2024-05-06 07:08:09Z'
  rm kinds/file-to-dir kinds/file-to-link kinds/link-to-file kinds/link-to-dir
  mkdir -p kinds/file-to-dir/sub kinds/link-to-dir
  put kinds/file-to-dir/sub/file 'below what was a file'
  ln -s ../same kinds/file-to-link
  put kinds/link-to-file 'a file now'
  put kinds/link-to-dir/file 'a directory now'
  rm -r kinds/dir-to-file kinds/dir-to-link
  put kinds/dir-to-file 'a file now'
  ln -s link-to-dir kinds/dir-to-link
  ln -sfn ../content/other links/retargeted
  rm links/removed
  ln -f links/one links/two
  cp -p links/three links/parted
  mv links/parted links/four
  put links/five 'linked, other content'
  rm links/six
  ln links/five content/seven
  rm -r old-only empty-goes
  mkdir -p new-only/deep/er new-empty
  put new-only/deep/er/file 'new'
  ln new-only/deep/er/file new-only/twin
  ln -s ../nowhere new-only/link
  setfattr -n user.kept -v 'new' attributes/changed
  setfattr -n user.come -v 'new' attributes/added new-only
  setfattr -x user.gone attributes/removed
  setfattr -x user.gone attributes
  local name
  for name in "${odd_names[@]}"; do put "names/$name" "new $name"; done
  rm names/plain
  put 'names/new '$'\n' 'an odd name that is new'
  mv swapped-one swapped
  mv swapped-two swapped-one
  mv swapped swapped-two
  chmod 755 read-only
  put read-only/file 'new'
  put read-only/more 'new'
  chmod 555 read-only
)

# make_wanted OLD NEW DIR: the new tree with what is protected in the old.
make_wanted() {
  cp -a "$2" "$3"
  cp -a "$1/old-only" "$3/old-only"
  find "$3/old-only" -mindepth 1 -maxdepth 1 ! -name keep -exec rm -r {} +
}
