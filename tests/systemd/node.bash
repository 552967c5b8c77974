# shellcheck shell=bash
# A machine of its own that systemd runs: a root of a few files with this machine's /usr, in a container. It boots
# in a second, and loses its power in no time. Read by the tests of this folder; `scratch` is their directory.

# skip REASON: this machine cannot run the test.
skip() {
  printf '%s\n' "$1"
  exit 77
}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# wait_until WHAT COMMAND...: until it succeeds, at most some thirty seconds on a busy machine.
wait_until() {
  local what=$1 attempt
  shift
  for ((attempt = 0; attempt < 150; attempt++)); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "still not so after a long while: $what"
}

# COMMAND | has WORDS OF GREP...: unlike `grep -q` it reads to the end, so that the command is never cut off.
has() { grep "$@" >/dev/null; }

require_nodes() {
  local program
  ((EUID == 0)) || skip "only root can run a machine in a container"
  for program in systemd-nspawn systemctl nsenter pgrep; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

# make_node DIRECTORY: what a machine has before it boots for the first time.
make_node() {
  local link
  mkdir -p "$1"/{etc/systemd/system,etc/systemd/system-preset,root,tmp,run,proc,sys,dev,var/log,var/lib,usr,srv}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$1/$link"; done
  printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'messagebus:x:100:100::/:/usr/sbin/nologin' \
    'shop:x:1000:1000::/home/shop:/bin/bash' 'nobody:x:65534:65534::/:/usr/sbin/nologin' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' 'messagebus:x:100:' 'shop:x:1000:' 'nogroup:x:65534:' >"$1/etc/group"
  : >"$1/etc/machine-id"
  printf 'ID=node\n' >"$1/etc/os-release"
  printf 'disable *\n' >"$1/etc/systemd/system-preset/00-none.preset"
  ln -s /usr/lib/systemd/system/multi-user.target "$1/etc/systemd/system/default.target"
  node_root=$1
}

# boot_node PATH...: with these paths of ours, not to be written. It is not up yet: see node_is_up.
boot_node() {
  local path binds=()
  for path in "$@"; do binds+=("--bind-ro=$path"); done
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory "$node_root" --bind-ro=/usr "${binds[@]}" \
    --boot --register=no --keep-unit --private-network --console=pipe --link-journal=no \
    --machine "bakehouse-$$" </dev/null >>"${scratch:?}/console" 2>&1 &
  node_pid=$!
  wait_until "a first process" find_init
}

find_init() {
  kill -0 "$node_pid" 2>/dev/null || {
    cat "$scratch/console"
    skip "systemd-nspawn boots no machine here"
  }
  init_pid=$(pgrep -P "$node_pid" -x systemd)
}

# The first that is asked of it may come before it listens.
node_is_up() {
  case $(in_node systemctl is-system-running 2>/dev/null) in
    running | degraded) return 0 ;;
    *) return 1 ;;
  esac
}

# in_node COMMAND...
in_node() {
  nsenter -t "$init_pid" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 NO_COLOR=1 "$@"
}

# The power fails.
kill_node() {
  kill -9 "$init_pid"
  wait "$node_pid" || true
  node_pid=
}

end_node() {
  [[ -z ${node_pid-} ]] || kill_node
}
