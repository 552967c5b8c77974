#!/usr/bin/env bash
# Sockets that systemd holds for processes, and timers that start them, on a machine that systemd runs: nobody is
# refused while releases follow each other, one of them broken; a release that has neither removes them, and a
# rollback brings them back, as does a start of the machine; so it is for an ordinary user, too.
#
#   sockets.sh BAKE RELEASE        the paths of the programs
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/systemd/node.bash
source "$here/node.bash"

require_nodes
[[ -x /usr/bin/python3 ]] || skip "python3 is not installed"
scratch=$(mktemp -d)
trap 'end_node; rm -rf --one-file-system "$scratch"' EXIT
cd "$scratch"
umask 022
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1

# --- what is released -------------------------------------------------------------------------------------------

# It answers whoever it has accepted before it ends, and leaves all others to the next one.
mkdir -p source
cat >source/web.py <<'PYTHON'
import os, select, signal, socket

print("holds", os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"], flush=True)
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
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nshop " + os.environ["BAKEHOUSE_VERSION"].encode())
    connection.close()
PYTHON

# release_of VERSION WEB [PROCESSES]: what web runs, and bake.yaml's words on processes.
release_of() {
  printf 'web: %s\n' "$2" >source/Procfile
  printf 'queue: exec sleep 5555\n' >>source/Procfile
  printf 'name: shop\nservices: {log-size: 16K, log-keep: 2}\n' >source/bake.yaml
  if [[ -n ${3-} ]]; then
    # The words are those of the service.
    # shellcheck disable=SC2016
    printf 'report: echo "report of $BAKEHOUSE_VERSION"; while [ -e /srv/busy ]; do sleep 0.1; done\n' >>source/Procfile
    printf 'processes:\n  report: {schedule: "30 4 * * mon-fri"}\n  web: %s\n' "$3" >>source/bake.yaml
    printf 'health: [{http: "http://127.0.0.1:8000/", every: 100ms}]\n' >>source/bake.yaml
  fi
  "$bake" ./source --root staging --as "$1" --sequence "$1" --no-apply --quiet
}
held='{socket: "127.0.0.1:8000", count: 2, after: queue}'
"$bake" key new shop.key --no-password --quiet
"$bake" init shop --root staging --key shop.key --quiet
for version in 1 2; do release_of $version 'exec python3 web.py' "$held"; done
release_of 3 'echo "the table is missing"; exit 3' "$held"
release_of 4 'exec sleep 6666'
release_of 5 'exec python3 web.py' '{socket: "127.0.0.1:8001", after: queue}'

make_node "$scratch/node"
mkdir -p "$node_root/home/shop" "$node_root/etc/pam.d"
chown 1000:1000 "$node_root/home/shop"
printf 'account required pam_permit.so\nsession required pam_permit.so\nsession optional pam_systemd.so\n' \
  >"$node_root/etc/pam.d/systemd-user"
cp staging/releases/*.tar.zst shop.pub "$here/../support/ask.py" "$node_root/srv/"
installation=$(realpath "$here/../..")
boot() {
  boot_node "$installation" "$(dirname "$(dirname "$(dirname "$(dirname "$release")")")")"
  wait_until "the node is up" node_is_up
}
root=/srv/shop
units=$node_root/etc/systemd/system
on_node() { in_node "$release" "$@" --root "$root"; }
apply() { on_node apply "/srv/shop-$1.tar.zst" --quiet "${@:2}"; }

# --- what must hold ---------------------------------------------------------------------------------------------

state_of() { in_node systemctl is-active "bakehouse-shop$1" || true; }
property() { in_node systemctl show --property="$1" --value "bakehouse-shop$2"; }
page() { in_node curl --silent --max-time 60 "http://127.0.0.1:$1/" || printf 'curl: %s' $?; }
readonly refused='curl: 7'

# serves VERSION: it answers, and is due as its schedule says.
serves() {
  local told
  told=$(on_node status --check) || fail "release status is not content: $told"
  grep -q "^shop $1 is in service" <<<"$told" || fail "not $1 is in service: $told"
  grep -qE '^  report: runs next at 20[0-9]{2}-[0-9]{2}-[0-9]{2}T04:30:00Z' <<<"$told" || fail "no timer: $told"
  [[ $(page 8000) == "shop $1" ]] || fail "$1 does not answer: $(page 8000)"
  [[ $(state_of @127.0.0.1-8000.socket) == active ]] || fail "no socket is held"
  [[ $(state_of -report.timer) == active ]] || fail "no timer runs"
}

# fails VERSION WORDS: an apply that goes back.
fails() {
  local status=0
  apply "$1" >failed.log 2>&1 || status=$?
  ((status == 6)) || fail "$1 ended with $status: $(cat failed.log)"
  grep -qF "$2" failed.log || fail "does not say '$2': $(cat failed.log)"
}

boot
in_node "$release" init shop --root "$root" --quiet
in_node "$release" trust add /srv/shop.pub --root "$root" --quiet
in_node tee "$root/node.yaml" <<<'services: {driver: systemd}' >/dev/null
fails 3 'the table is missing'
[[ $(page 8000) == "$refused" ]] || fail "somebody listens for a release that is not there"
echo "when the first release fails, nobody waits for it"

apply 1
serves 1
for instance in 1 2; do
  in_node cat "$root/.bakehouse/logs/web.$instance.log" | has -x "holds 1 web.$instance" ||
    fail "web.$instance lacks its socket: $(in_node cat "$root/.bakehouse/logs/web.$instance.log")"
done
property After -web.1.service | has -w bakehouse-shop-queue.service || fail "web is not after the queue"
echo "1 is in service: systemd listens for it"

# --- asked without a pause --------------------------------------------------------------------------------------

in_node bash -c 'cd /srv && exec ./ask.py 8000' >asked &
asking=$!
seen() { wait_until "somebody has seen $1" test -e "$node_root/srv/saw-shop-$1"; }
seen 1
apply 2
seen 2
fails 3 'the table is missing'
on_node restart --quiet
in_node systemctl restart bakehouse-shop.target
in_node systemctl kill --signal=TERM bakehouse-shop-web.1.service bakehouse-shop-web.2.service
rm "$node_root/srv/saw-shop-1"
on_node rollback --quiet
apply 2 --set services.strategy=overlap >overlap.log 2>&1
grep -q 'only processes of the embedded supervisor can' overlap.log || fail "overlap is not refused: $(cat overlap.log)"
touch "$node_root/srv/enough"
wait "$asking"
grep -qx 'lost: 0' asked || fail "somebody was refused, or got no answer: $(cat asked)"
grep -q 'shop 1, shop 2, shop 1, shop 2' asked || fail "somebody saw something else: $(cat asked)"
serves 2
echo "nobody was refused by an apply, one that failed, restarts and a rollback"

# --- due --------------------------------------------------------------------------------------------------------

# There is no log before the first.
reports() { { in_node cat "$root/.bakehouse/logs/report.log" 2>/dev/null || true; } | grep -c '^report of 2$' || true; }
has_reported() { [[ $(reports) == "$1" ]]; }
triggered() { property LastTriggerUSec -report.timer; }
is_later_than() { [[ $(triggered) != "$1" ]]; }
each_second() {
  mkdir -p "$units/bakehouse-shop-report.timer.d"
  printf '[Timer]\nOnCalendar=\nOnCalendar=*:*:*\n' >"$units/bakehouse-shop-report.timer.d/often.conf"
  in_node systemctl daemon-reload
  in_node systemctl restart bakehouse-shop-report.timer
}
has_reported 0 || fail "the report was made before it was due"
touch "$node_root/srv/busy"
each_second
wait_until "the report is made" has_reported 1
for _ in 1 2; do
  last=$(triggered)
  wait_until "the report is due again" is_later_than "$last"
done
has_reported 1 || fail "the report runs twice at once"
on_node status | has 'report: runs (process ' || fail "status knows nothing of the report: $(on_node status)"
rm "$node_root/srv/busy"
wait_until "the report is made again" has_reported 2
rm -r "$units/bakehouse-shop-report.timer.d"
in_node systemctl daemon-reload
on_node restart --quiet
serves 2
echo "a timer starts what is due, and leaves out what comes while it still runs"

# --- logs -------------------------------------------------------------------------------------------------------

log=$node_root$root/.bakehouse/logs/queue.log
head -c 40000 /dev/zero | tr '\0' '\n' >>"$log"
in_node systemctl start bakehouse-logs@shop.service
if [[ -e $log.1 ]]; then
  [[ $(stat -c %s "$log") -lt 16384 && $(cat "$log.1" "$log" | wc -c) == 40000 ]] || fail "not cut: $(ls -l "$log"*)"
  echo "a log that has become too large is cut, and nothing of it is lost"
else
  in_node journalctl --unit=bakehouse-logs@shop.service | has 'is not kept short' ||
    fail "a log grows, and nobody says so"
  echo "a log grows where the file system cannot take off its head"
fi
[[ $(in_node systemctl is-active bakehouse-logs@shop.timer) == active ]] || fail "nobody looks at the logs"

# --- gone, and back ---------------------------------------------------------------------------------------------

in_node python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 8001)); time.sleep(600)' &
listens_elsewhere() { in_node bash -c ': </dev/tcp/127.0.0.1/8001' 2>/dev/null; }
wait_until "another program listens" listens_elsewhere
fails 5 'another program listens at 127.0.0.1:8001'
serves 2
echo "where another program listens a release goes back"

apply 4
[[ $(page 8000) == "$refused" ]] || fail "somebody still listens: $(page 8000)"
find "$units" -name 'bakehouse-shop*' | has -E 'socket|timer|@' && fail "units are left: $(ls "$units")"
[[ $(state_of @127.0.0.1-8000.service)$(state_of -report.timer) == inactiveinactive ]] || fail "something is left"
on_node rollback --quiet
serves 2
echo "a release without them removes the socket and the timer, a rollback brings them back"

on_node stop --quiet
[[ $(page 8000) == "$refused" ]] || fail "somebody listens although all is stopped"
on_node start --quiet
serves 2
# It waits for the target alone.
in_node systemctl stop bakehouse-shop.target
nobody_listens() { [[ $(page 8000) == "$refused" ]]; }
timer_is_stopped() { [[ $(state_of -report.timer) == inactive ]]; }
wait_until "nobody listens when the target is stopped" nobody_listens
wait_until "the timer is stopped with the target" timer_is_stopped
in_node systemctl start bakehouse-shop.target
serves 2
kill_node
boot
is_well() { on_node status --check >/dev/null; }
is_recovered() { [[ $(in_node systemctl is-active bakehouse-recover@shop.service) == active ]]; }
wait_until "the recovery has ended" is_recovered
wait_until "all of it is back" is_well
serves 2
echo "they stop and start with all others, and with the machine"

# --- an ordinary user -------------------------------------------------------------------------------------------

on_node stop --quiet
as_shop() {
  in_node setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/shop XDG_RUNTIME_DIR=/run/user/1000 "$@"
}
own=/home/shop/shop
own_status() { as_shop "$release" status --root "$own" --check; }
is_well_again() { own_status >/dev/null; }
own_manager_is_up() { as_shop systemctl --user is-system-running --quiet; }
in_node systemctl disable --quiet bakehouse-shop.target
in_node loginctl enable-linger shop
wait_until "the user's manager is up" own_manager_is_up
as_shop "$release" init shop --root "$own" --quiet
as_shop "$release" trust add /srv/shop.pub --root "$own" --quiet
as_shop tee "$own/node.yaml" <<<'services: {driver: systemd}' >/dev/null
as_shop "$release" apply /srv/shop-2.tar.zst --root "$own" --quiet
own_status | has 'report: runs next at' || fail "release status is not content: $(own_status)"
[[ $(page 8000) == 'shop 2' ]] || fail "nobody answers: $(page 8000)"
kill_node
boot
wait_until "the user's manager is up" own_manager_is_up
wait_until "all of it is back" is_well_again
own_status | has 'report: runs next at' || fail "release status is not content: $(own_status)"
[[ $(page 8000) == 'shop 2' ]] || fail "nobody answers: $(page 8000)"
echo "an ordinary user's manager holds his sockets and timers, which come back with the machine"
