#!/usr/bin/env bash
# Releases whose processes a supervisor in the background keeps running, while the transaction or the supervisor is
# killed; after recovery one of the two serves, alone. With the strategy `overlap`, a release on trial beside the one
# that serves, visitors must be answered all the same; with `restart` the one is stopped before the other is started.
#
#   trial.sh BAKE RELEASE [--full [WORDS]]        the paths of the programs
#
# With either strategy an apply runs once undisturbed and its calls are counted: where the transaction makes a
# record durable and speaks to the supervisor; where the supervisor hears, answers, writes down, starts, ends, and says
# whose the next connection is. Then it is killed at each of them; without --full at a sample. With WORDS only there.
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
mode=${3:-}
words=${4:-}

skip() {
  echo "$1"
  exit 77
}
command -v python3 >/dev/null || skip 'python3 is not installed'
command -v strace >/dev/null || skip 'strace is not installed'
[[ $(id -u) == 0 ]] || skip 'only root may look into processes that are not its children'
strace -qq -o /dev/null true 2>/dev/null || skip 'this machine does not let a process trace another'

scratch=$(mktemp -d)
root=$scratch/shop
supervisor() { sed -n 's/^pid \([0-9]*\),.*/\1/p' "$root/.bakehouse/supervisor.lock"; }
# Of this test alone, by the root that they were told.
processes() {
  grep -lszFx "BAKEHOUSE_ROOT=$root" /proc/[0-9]*/environ 2>/dev/null | sed -E 's|/proc/([0-9]+)/.*|\1|' || true
}
tidy_up() {
  "$release" stop --root "$root" --quiet || true
  local left
  left=$(processes)
  # shellcheck disable=SC2086
  [[ -z $left ]] || kill -KILL $left 2>/dev/null || true
  rm -rf "$scratch"
}
trap tidy_up EXIT
cd "$scratch"
umask 022
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1 ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

failures=0
fail() {
  printf 'trial.sh: %s: %s\n' "$where" "$1" >&2
  failures=$((failures + 1))
  if ((failures > 5)); then exit 1; fi
}

# until_so COMMAND...: at most some twenty seconds.
until_so() {
  local attempt
  for ((attempt = 0; attempt < 2000; attempt++)); do
    if "$@"; then return 0; fi
    sleep 0.01
  done
  return 1
}

# --- two releases, one of them in service -------------------------------------------------------------------------

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

write_source() {
  mkdir source
  printf 'name: shop\nversion: 0\n' >source/bake.yaml
  printf 'web: exec python3 -I -S web.py\n' >source/Procfile
  cat >source/web.py <<'PYTHON'
import os, select, signal, socket

with open("version", "rb") as file:
    version = file.read()
listener = socket.socket(fileno=3)
listener.setblocking(False)
told, tell = os.pipe()
signal.signal(signal.SIGTERM, lambda *_: os.write(tell, b"x"))
while told not in (ready := select.select([listener, told], [], [])[0]):
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        continue
    connection.settimeout(10)
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + version)
    connection.close()
PYTHON
}

prepare() (
  set -e
  "$bake" key new key --no-password
  "$bake" init shop --root staging --key key
  write_source
  local version
  for version in 1 2; do
    echo "$version" >source/version
    "$bake" ./source --root staging --no-apply --as "$version" --sequence "$version"
  done
  "$release" init shop --root "$root"
  "$release" trust add key.pub --root "$root"
  cat >"$root/node.yaml" <<END
services: {strategy: overlap}
processes: {web: {socket: "127.0.0.1:$port"}}
health: [{http: /, every: 20ms, within: 20s}]
END
  "$release" apply staging/releases/shop-1.tar.zst --root "$root"
) >prepare.log 2>&1

# Goes on to ask, each second ten times or more, until there is a file `enough`; one line a failure.
cat >ask.py <<'PYTHON'
import os, socket, sys

def ask():
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer.rpartition(b"\r\n\r\n")[2].decode().strip()

if len(sys.argv) > 2:
    print(ask())
while len(sys.argv) == 2 and not os.path.exists("enough"):
    try:
        answer = ask()
        if answer not in ("1", "2"):
            print("answered", answer, flush=True)
    except OSError as error:
        print(repr(error), flush=True)
PYTHON

in_run() { cat "$root/run/version"; }
other() { echo $((3 - $(in_run))); }
# apply COMMAND...: by which the release that is not in service is applied. In a shell of its own, which alone says "Killed".
apply() {
  ("$@" "$release" apply "staging/releases/shop-$(other).tar.zst" --root "$root" --allow-downgrade
  exit "$?") >apply.log 2>&1
}
listeners() { awk -v port="$(printf ':%04X' "$port")" '$4 == "0A" && index($2, port)' /proc/net/tcp | wc -l; }

# --- one kill -----------------------------------------------------------------------------------------------------

is_traced() { grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$1/status"; }

# watch_supervisor STRACE-OPTION...: until it ends, or stop_watching.
watch_supervisor() {
  local pid
  pid=$(supervisor)
  strace -qq -p "$pid" "$@" 2>/dev/null &
  watching=$!
  until_so is_traced "$pid"
}
stop_watching() {
  kill "$watching" 2>/dev/null || true
  wait "$watching" 2>/dev/null || true
}

# What serves now is what run/ holds, in one process, at one socket, and a supervisor knows of it.
check_alone() {
  local answer count
  answer=$(python3 ask.py "$port" once 2>&1 | tail -n 1)
  [[ $answer == "$(in_run)" ]] || fail "run/ holds $(in_run), and visitors get: $answer"
  # The one that is told to end last has ended when the command returns.
  count=$(processes | wc -l)
  ((count == 1)) || fail "$count processes live instead of one: $(processes | xargs ps -o pid,args -p)"
  count=$(listeners)
  ((count == 1)) || fail "$count sockets listen instead of one"
  "$release" status --json --root "$root" >status.json 2>&1 || fail "status: $(cat status.json)"
  grep -q '"recovery_needed":false' status.json || fail "status still wants a recovery: $(cat status.json)"
}

# After whatever was killed: the next commands mend it, and the one after them finds nothing to do.
settle() {
  "$release" recover --root "$root" >recover.log 2>&1 || fail "recover: $(cat recover.log)"
  "$release" start --root "$root" >start.log 2>&1 || fail "start: $(cat start.log)"
  check_alone
}

# Of a release that is stopped first visitors may be refused.
begin_asking() {
  [[ $strategy == overlap ]] || return 0
  rm -f enough
  python3 ask.py "$port" >lost &
  asking=$!
}
end_asking() {
  [[ $strategy == overlap ]] || return 0
  touch enough
  wait "$asking"
  [[ ! -s lost ]] || fail "visitors were lost: $(head -n 3 lost | tr '\n' ' ')($(wc -l <lost))"
}

# What has ended may wait for somebody to ask how.
lives() { grep -qs '^State:[[:space:]]*[A-WY]' "/proc/$1/status"; }
dead() { ! lives "$1"; }

kill_transaction() { # CALL N
  local status=0
  apply strace -qq -o /dev/null -e trace="$1" -e inject="$1:signal=SIGKILL:when=$2" || status=$?
  ((status == 137)) || missed=$((missed + 1))
}
kill_supervisor() { # CALL N
  local pid status=0
  pid=$(supervisor)
  watch_supervisor -o /dev/null -e trace="$1" -e inject="$1:signal=SIGKILL:when=$2"
  apply env || status=$?
  stop_watching
  # It undoes, or finishes, with another supervisor.
  ((status != 7)) || fail "the apply leaves it to somebody: $(cat apply.log)"
  ! lives "$pid" || missed=$((missed + 1))
}

# strike WHO CALL N
strike() {
  where="$strategy: $1 killed at $2 $3"
  [[ $where == *"$words"* ]] || return 0
  begin_asking
  case $1 in
    transaction) kill_transaction "$2" "$3" ;;
    supervisor) kill_supervisor "$2" "$3" ;;
    both)
      kill_transaction "$2" "$3"
      kill -KILL "$(supervisor)"
      ;;
  esac
  settle
  end_asking
  tried=$((tried + 1))
}

# A supervisor that was killed while nobody looked: the next apply begins another, which takes over what serves.
strike_unseen() {
  local pid
  where="$strategy: supervisor killed before the apply"
  [[ $where == *"$words"* ]] || return 0
  begin_asking
  pid=$(supervisor)
  kill -KILL "$pid"
  until_so dead "$pid"
  apply env || fail "the apply fails: $(cat apply.log)"
  settle
  end_asking
  tried=$((tried + 1))
}

# A supervisor that an apply begins, and that is told nothing because the apply is killed just then, does not stay.
strike_begun() {
  local pid
  where="$strategy: transaction killed when its supervisor has begun"
  [[ $where == *"$words"* ]] || return 0
  "$release" stop --root "$root" >stop.log 2>&1 || fail "stop: $(cat stop.log)"
  kill_transaction sendto 1
  pid=$(supervisor)
  lives "$pid" || fail 'no supervisor has begun'
  "$release" recover --root "$root" >recover.log 2>&1 || fail "recover: $(cat recover.log)"
  ! lives "$pid" || fail 'the supervisor stays'
  [[ -z $(processes) ]] || fail "processes live: $(processes)"
  "$release" start --root "$root" >start.log 2>&1 || fail "start: $(cat start.log)"
  check_alone
  tried=$((tried + 1))
}

# --- all of them --------------------------------------------------------------------------------------------------

of_transaction=fdatasync,sendto,recvfrom
of_supervisor=recvfrom,sendto,rename,clone,setsockopt,shutdown,kill

counted() { # TRACE: "CALL COUNT" a line
  sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$1" | sort | uniq -c | awk '{ print $2, $1 }'
}

strike_all() { # WHO TRACE [CALL]
  local call count n step
  while read -r call count; do
    [[ $call == "${3:-$call}" ]] || continue
    step=1
    if [[ $mode != --full ]]; then step=$((count / 4 + 1)); fi
    for ((n = step; n <= count; n += step)); do strike "$1" "$call" "$n"; done
  done < <(counted "$2")
}

# with_strategy STRATEGY: all kills while releases are exchanged by it.
with_strategy() {
  strategy=$1
  where="$strategy: before anything is killed"
  sed -i "s/^services:.*/services: {strategy: $strategy}/" "$root/node.yaml"
  apply env || fail "the first apply fails: $(cat apply.log)"
  watch_supervisor -o supervisor.trace -e trace="$of_supervisor"
  apply strace -qq -o transaction.trace -e trace="$of_transaction" || fail "the apply fails: $(cat apply.log)"
  stop_watching
  check_alone
  strike_all transaction transaction.trace
  strike_all both transaction.trace fdatasync
  strike_all supervisor supervisor.trace
  strike_unseen
  strike_begun
}

where='before anything is killed'
prepare || {
  cat prepare.log
  exit 1
}
check_alone
tried=0
missed=0
with_strategy overlap
with_strategy restart
# How often it is asked, and looks, is not the same each time.
printf '%d kills, %d of them too late to hit, %d not as they should be\n' "$tried" "$missed" "$failures"
((tried > missed && failures == 0))
