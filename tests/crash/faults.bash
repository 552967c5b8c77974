# Where a program touches the disk, and a fault at exactly one such place. Sourced; wants strace.

# Everything by which a program of ours could change a disk. Missing names ('?') are those of other machines.
changing_calls='openat,openat2,write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,copy_file_range,ioctl,ftruncate'
changing_calls+=',fallocate,renameat,renameat2,linkat,symlinkat,unlinkat,mkdirat,mknodat,fchmod,fchmodat,?fchmodat2'
changing_calls+=',fchown,fchownat,utimensat,setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr'
changing_calls+=',truncate,fsync,fdatasync,sync,syncfs,msync,io_uring_enter'
changing_calls+=',?creat,?open,?rename,?link,?symlink,?unlink,?mkdir,?rmdir,?mknod,?chmod,?chown,?lchown,?utimes,?utime'
# Everything by which it learns what is there: an error here must not pass for "there is nothing".
looking_calls='read,pread64,getdents64,statx,?newfstatat,?fstat,?lstat,?stat,readlinkat,?readlink,getxattr,lgetxattr'
looking_calls+=',fgetxattr,listxattr,llistxattr,flistxattr'

# calls_of MARK COMMAND...: runs it undisturbed; its status, and one line a call that succeeded: "changes CALL N KIND", "opens ..." or
# "looks ...". N counts the calls of that name, as strace does; KIND is the name with the flags that tell one use
# from another. What precedes the first call that mentions MARK is the loader's.
calls_of() {
  local mark=$1 status=0
  shift
  untraced_leaks strace -qq -o calls.trace -s 4096 -e trace="$changing_calls,$looking_calls" "$@" >calls.log 2>&1 ||
    status=$?
  awk -v mark="$mark" '
    { call = $0; sub(/\(.*/, "", call); ++count[call] }
    call !~ /^p?read/ && index($0, mark) { begun = 1 }
    !begun || !/^[a-z]/ || / = -1 E/ { next }
    call ~ /^(write|writev)$/ && /^[a-z0-9]*\([12],/ { next }
    call == "ioctl" && !/FICLONE/ { next }
    {
      use = "changes"
      if (call ~ /^(read|pread|getdents|stat|newfstat|fstat|lstat|.*getxattr|.*listxattr)/) use = "looks"
      if (call ~ /^open/ && !/O_CREAT|O_TRUNC|O_TMPFILE/) use = "opens"
      kind = call
      rest = $0
      while (match(rest, /RENAME_[A-Z]+|AT_REMOVEDIR|O_CREAT|O_DIRECTORY/)) {
        kind = kind "/" substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
      }
      print use, call, count[call], kind
    }' calls.trace
  return "$status"
}

# pick STEP <CALLS: the first and the last of every kind, and every STEPth.
pick() {
  awk -v step="$1" '
    { line[NR] = $0; kind[NR] = $1 $4; last[$1 $4] = NR }
    END { for (i = 1; i <= NR; ++i) if (!(kind[i] in seen) || last[kind[i]] == i || i % step == 0) {
        seen[kind[i]] = 1
        print line[i]
      } }'
}

# LeakSanitizer cannot work in a process that is traced.
untraced_leaks() {
  ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$@"
}

# Said by whom it is true for: what is disturbed starts no other process and no thread. Then it can be stopped at the
# call in question alone, which takes a third of the time; strace wants to follow all processes for that, and counts
# in each. (Of strace 6.1 no signal comes then.)
starts_no_other=no

# disturbed FAULT CALL N COMMAND...: runs it with that fault (signal=KILL, error=EIO) at the Nth call; its status. In a
# shell of its own, which alone says "Killed".
disturbed() {
  local fault=$1 call=$2 n=$3
  local -a there_alone=()
  if [[ $fault == error=* && $starts_no_other == yes ]]; then there_alone=(-f --seccomp-bpf); fi
  shift 3
  (untraced_leaks strace -qq -o /dev/null ${there_alone[@]+"${there_alone[@]}"} -e trace="$call" -e inject="$call:$fault:when=$n" "$@"
  exit "$?") >run.log 2>&1
}

# require_faults: ends the test where strace does not do what all the rest takes for granted.
require_faults() {
  local ended=0
  echo content >probed
  disturbed error=EIO read 1 cat probed || ended=$?
  if ((ended == 0)) || ! grep -q 'Input/output error' run.log; then
    echo "strace makes no call fail: $(head -n 3 run.log)" >&2
    exit 1
  fi
  ended=0
  disturbed signal=KILL read 1 cat probed || ended=$?
  if ((ended != 137)); then
    echo "strace does not kill: $(head -n 3 run.log)" >&2
    exit 1
  fi
  rm probed run.log
}
