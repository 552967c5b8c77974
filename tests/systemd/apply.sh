#!/usr/bin/env bash
# Releases whose processes are units, on a machine that systemd runs: put into service, undone, taken back, and
# found again after the power has failed in the middle.
#
#   apply.sh BAKE RELEASE        the paths of the programs
#
# Exit status: 0 all well, 1 not, 77 skipped (the reason is the last line printed).
set -euo pipefail

bake=$(realpath "${1:?"give the path of the program bake"}")
release=$(realpath "${2:?"give the path of the program release"}")
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/systemd/node.bash
source "$here/node.bash"

require_nodes
scratch=$(mktemp -d)
trap 'end_node; rm -rf --one-file-system "$scratch"' EXIT
cd "$scratch"
umask 022
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1

# --- what is released -------------------------------------------------------------------------------------------

# source_of VERSION PROCFILE [HOOK LINES]
source_of() {
  mkdir -p "source-$1/.bake/hooks"
  printf 'name: shop\n' >"source-$1/bake.yaml"
  printf '%s' "$2" >"source-$1/Procfile"
  [[ -z ${3-} ]] || {
    printf '#!/bin/sh\nset -e\n%s\n' "$4" >"source-$1/.bake/hooks/$3"
    chmod +x "source-$1/.bake/hooks/$3"
  }
  "$bake" "./source-$1" --root staging --as "$1" --sequence "$1" --no-apply --quiet
}

# Each tells its version, and leaves a child in a session of its own: only a control group knows it.
# The words are those of the services.
# shellcheck disable=SC2016
web='web: setsid sleep 7777 & echo "100% of $BAKEHOUSE_VERSION"; exec sleep 6666
'
worker='worker: exec sleep 5555
'
"$bake" key new shop.key --no-password --quiet
"$bake" init shop --root staging --key shop.key --quiet
# Undoing takes as long as whoever is at the console wants.
source_of 1 "$web$worker" restore '[ ! -e /srv/hold ] || { touch /srv/restores; exec sleep 600; }'
source_of 2 "$web"
source_of 3 'web: echo "the table is missing"; exit 3
'
# shellcheck disable=SC2016
source_of 4 "$web" post_deploy 'touch /srv/waits; exec sleep 600'
source_of 5 "${web}extra: exec sleep 4444
" upgrade 'touch /srv/waits; exec sleep 600'

make_node "$scratch/node"
cp staging/releases/*.tar.zst shop.pub "$node_root/srv/"

# The programs are where they were built, with what they read.
installation=$(realpath "$here/../..")
boot() { boot_node "$installation" "$(dirname "$(dirname "$(dirname "$(dirname "$release")")")")"; }
root=/srv/shop
on_node() { in_node "$release" "$@" --root "$root"; }
apply() { on_node apply "/srv/shop-$1.tar.zst" --quiet; }

# --- what must hold ---------------------------------------------------------------------------------------------

pid_of() { in_node systemctl show --property=MainPID --value "bakehouse-shop-$1.service"; }
is_active() { [[ $(in_node systemctl is-active "bakehouse-shop-$1.service") == active ]]; }
count() { in_node pgrep -c -f "^sleep $1\$" || true; }

# serves VERSION PROCESS...: that release is in service, these are its processes, each runs and is where it belongs.
serves() {
  local version=$1 process told
  shift
  told=$(on_node status --check) || fail "release status is not content: $told"
  grep -q "^shop $version is in service" <<<"$told" || fail "not $version is in service: $told"
  for process in "$@"; do
    is_active "$process" || fail "$process is not active"
    grep -qx "  $process: runs (process $(pid_of "$process"))" <<<"$told" || fail "status knows no $process: $told"
    in_node grep -q "/bakehouse-shop-$process.service\$" "/proc/$(pid_of "$process")/cgroup" ||
      fail "$process runs in another control group"
    in_node cat "/etc/systemd/system/bakehouse-shop-$process.service" |
      grep -q "BAKEHOUSE_VERSION=$version\"" || fail "the unit of $process is not of $version"
  done
  [[ $(count 7777) == 1 && $(count 6666) == 1 ]] || fail "there is not one web: $(in_node ps ax)"
}

# --- put into service, and again ---------------------------------------------------------------------------------

boot
wait_until "the node is up" node_is_up
in_node "$release" init shop --root "$root" --quiet
in_node "$release" trust add /srv/shop.pub --root "$root" --quiet
in_node tee "$root/node.yaml" <<<'services: {driver: systemd}' >/dev/null
apply 1
serves 1 web worker
in_node tail -n 1 "$root/.bakehouse/logs/web.log" | has -x '100% of 1' || fail "the log lacks what web said"
is_refused=0
on_node serve >serve.log 2>&1 || is_refused=$?
((is_refused == 10)) || fail "release serve is not refused: $(cat serve.log)"
echo "1 is in service: its processes are units"

# --- a process less ----------------------------------------------------------------------------------------------

apply 2
serves 2 web
[[ $(count 5555) == 0 ]] || fail "a process that 2 does not have still runs"
in_node test ! -e /etc/systemd/system/bakehouse-shop-worker.service || fail "its unit is still there"
echo "2 is in service: the unit of the process it does not have is gone"

# --- undone ------------------------------------------------------------------------------------------------------

status=0
apply 3 >failed.log 2>&1 || status=$?
((status == 6)) || fail "a release that dies ended with $status: $(cat failed.log)"
grep -q "exited with status 3" failed.log || fail "the failure lacks its reason: $(cat failed.log)"
grep -q "| the table is missing" failed.log || fail "the failure lacks the log: $(cat failed.log)"
serves 2 web
echo "3 has failed its health check: the units of 2 are back"

on_node rollback --quiet
serves 1 web worker
echo "1 is back, with the process that 2 did not have"

# --- what somebody else did ----------------------------------------------------------------------------------------

in_node kill -9 "$(pid_of web)"
wait_until "systemd starts web anew" is_active web
wait_until "with its child" test "$(count 7777)" = 1
echo "a process that was killed was started anew"

# --- the power fails -----------------------------------------------------------------------------------------------

# fails_in_the_middle VERSION: the power fails while a hook of it waits.
fails_in_the_middle() {
  rm -f "$node_root/srv/waits"
  apply "$1" >interrupted.log 2>&1 &
  wait_until "the hook of $1 waits" test -e "$node_root/srv/waits"
  kill_node
  wait
}
is_recovered() { [[ $(in_node systemctl is-active bakehouse-recover@shop.service) == active ]]; }

boot_again() {
  boot
  wait_until "the node is up" node_is_up
  wait_until "the recovery has ended" is_recovered
  wait_until "web is up" is_active web
}

when_left() { in_node systemctl show --property=InactiveExitTimestampMonotonic --value "bakehouse-$1.service"; }

# was_undone VERSION: and that before the services started.
was_undone() {
  local recovered started
  serves 1 web worker
  on_node history | has "apply *reverted *$1 " || fail "$1 was not undone: $(on_node history)"
  recovered=$(in_node systemctl show --property=ExecMainExitTimestampMonotonic --value bakehouse-recover@shop.service)
  started=$(when_left shop-web)
  ((recovered > 0 && recovered <= started)) || fail "web was started at $started, the recovery ended at $recovered"
}

kill_node
boot_again
serves 1 web worker
echo "after a restart of the machine 1 is in service"

fails_in_the_middle 4
boot_again
was_undone 4
echo "the power failed in the middle of 4: undone before the services of 1 were started"

fails_in_the_middle 5
in_node_files() { ls "$node_root/etc/systemd/system"; }
in_node_files | has shop-extra || fail "5 had no units yet: $(in_node_files)"
boot_again
was_undone 5
in_node_files | has shop-extra && fail "the units of 5 are still there"
[[ $(count 4444) == 0 ]] || fail "a process of 5 runs"
echo "the power failed when 5 was up: the units of 1 are back, and were started after the recovery"

touch "$node_root/srv/hold"
fails_in_the_middle 4
boot
wait_until "the recovery restores" test -e "$node_root/srv/restores"
[[ $(count 6666) == 0 ]] || fail "a service runs beside the recovery"
kill_node
rm "$node_root/srv/hold"
boot_again
was_undone 4
echo "the power failed in the middle of 4, and again in the middle of its recovery: undone"

fails_in_the_middle 4
boot_again
apply 2
serves 2 web
echo "2 is in service"

# --- whoever began it logs out ---------------------------------------------------------------------------------------

# The unit of the session ends with the command, and whatever is left in it is killed.
rm -f "$node_root/srv/waits"
in_node systemd-run --quiet --wait --collect --unit=session \
  "$release" apply /srv/shop-4.tar.zst --root "$root" --detach --quiet || fail "an apply in the background was refused"
wait_until "the hook of 4 waits" test -e "$node_root/srv/waits"
in_node systemctl is-active --quiet session.service && fail "the session goes on"
in_node systemctl is-active --quiet bakehouse-apply-shop.scope || fail "the apply goes on in no scope of its own"
on_node cancel --quiet
serves 2 web
on_node history | has "apply *reverted *4 " || fail "4 was not undone: $(on_node history)"
echo "an apply went on when the session that began it was killed"
