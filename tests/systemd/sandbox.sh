#!/usr/bin/env bash
# What a unit lets a process do: as the node says, for the system and for an ordinary user; what systemd does not
# accept is refused while all runs on; and what nobody confirms goes back, also after the power has failed.
#
#   sandbox.sh BAKE RELEASE        the paths of the programs
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

# It tells as whom it runs and what it could write; the command has lines, quotes and all that systemd knows.
mkdir -p source
echo "probe: exec false" >source/Procfile
cat >source/bake.yaml <<'YAML'
name: shop
processes:
  probe:
    command: |
      for path in /srv/elsewhere /etc/elsewhere "$BAKEHOUSE_DATA/written" "$BAKEHOUSE_RUN/written" /tmp/written; do
        if touch "$path" 2>/dev/null; then written="$written ${path#"$BAKEHOUSE_ROOT"}"; fi
      done
      rm -f "$BAKEHOUSE_RUN/written"
      echo "$BAKEHOUSE_VERSION 100%n \"$(id -un)\" wrote$written;"
      exec sleep 3333
YAML
"$bake" key new shop.key --no-password --quiet
"$bake" init shop --root staging --key shop.key --quiet
for version in 1 2; do
  "$bake" ./source --root staging --as "$version" --sequence "$version" --no-apply --quiet
done

make_node "$scratch/node"
mkdir -p "$node_root/home/shop" "$node_root/etc/pam.d"
chown 1000:1000 "$node_root/home/shop"
printf 'account required pam_permit.so\nsession required pam_permit.so\nsession optional pam_systemd.so\n' \
  >"$node_root/etc/pam.d/systemd-user"
cp staging/releases/*.tar.zst shop.pub "$node_root/srv/"
installation=$(realpath "$here/../..")
boot() {
  boot_node "$installation" "$(dirname "$(dirname "$(dirname "$(dirname "$release")")")")"
  wait_until "the node is up" node_is_up
}
root=/srv/shop
on_node() { in_node "$release" "$@" --root "$root"; }
apply() { on_node apply "/srv/shop-$1.tar.zst" --quiet "${@:2}"; }
says() { in_node tee "$root/node.yaml" <<<"$1" >/dev/null; }
has_said() { in_node tail -n 1 "$1/.bakehouse/logs/probe.log" | has -xF "$2"; }
# In a subshell: what it said instead is worth more than that it did not.
must_say() {
  (wait_until "the process says: $2" has_said "$1" "$2") || fail "it says: $(in_node cat "$1/.bakehouse/logs/probe.log")"
}

boot
in_node "$release" init shop --root "$root" --quiet
in_node "$release" trust add /srv/shop.pub --root "$root" --quiet

says 'services: {driver: systemd}'
apply 1
must_say "$root" '1 100%n "root" wrote /data/written /run/written /tmp/written;'
in_node test ! -e /tmp/written || fail "the process has the machine's /tmp"
echo "a unit may write to run/ and data/, and to a /tmp of its own"

says 'services: {driver: systemd, hardening: {ProtectSystem: no, PrivateTmp: no}}'
apply 1
must_say "$root" '1 100%n "root" wrote /srv/elsewhere /etc/elsewhere /data/written /run/written /tmp/written;'
in_node test -e /tmp/written || fail "the process does not have the machine's /tmp"
says 'services: {driver: systemd, hardening: off}'
apply 1
in_node grep -q Protect /etc/systemd/system/bakehouse-shop-probe.service && fail "hardening: off leaves something"
in_node rm /etc/elsewhere /srv/elsewhere /tmp/written
echo "or what the node says"

in_node chown -R shop: "$root/data"
says 'services: {driver: systemd, user: shop}'
apply 1
must_say "$root" '1 100%n "shop" wrote /data/written /tmp/written;'
echo "it runs as the user whom the node names"

# refused STATUS WORDS NODE_YAML: and the same process runs on.
refused() {
  local before status=0
  before=$(in_node systemctl show --property=MainPID --value bakehouse-shop-probe.service)
  says "$3"
  apply 2 >refused.log 2>&1 || status=$?
  ((status == $1)) || fail "ended with $status: $(cat refused.log)"
  grep -qF "$2" refused.log || fail "does not say '$2': $(cat refused.log)"
  [[ $(in_node systemctl show --property=MainPID --value bakehouse-shop-probe.service) == "$before" ]] ||
    fail "the process was touched"
}
refused 3 'systemd does not accept the units' 'services: {driver: systemd, hardening: {ProtectHome: perhaps}}'
refused 10 "no user 'nobody-else'" 'services: {driver: systemd, user: nobody-else}'
refused 10 'node.yaml no longer says so' 'services: {driver: auto}'
in_node cp /etc/systemd/system/bakehouse-shop.target /etc/systemd/system/bakehouse-shop.target.kept
in_node sed -i '1s/.*/# mine/' /etc/systemd/system/bakehouse-shop.target
refused 10 'was not made for' 'services: {driver: systemd}'
in_node mv /etc/systemd/system/bakehouse-shop.target.kept /etc/systemd/system/bakehouse-shop.target
in_node systemctl daemon-reload
echo "what systemd, this machine or another's unit does not allow is refused, and nothing was touched"

says 'services: {driver: systemd, user: shop}'
apply 2 --confirm-within 1h
[[ $(in_node systemctl is-active bakehouse-expire@shop.service) == active ]] || fail "nobody waits for the deadline"
on_node confirm --quiet
apply 1 --allow-downgrade
# Whether it is over before the power fails or after is all the same.
apply 2 --confirm-within 1s
kill_node
boot
is_back() { on_node status | has '^shop 1 is in service'; }
wait_until "nobody has confirmed 2" is_back
must_say "$root" '1 100%n "shop" wrote /data/written /tmp/written;'
[[ $(in_node systemctl is-active bakehouse-shop-probe.service) == active ]] || fail "1 does not run"
echo "what nobody has confirmed went back after the power had failed"

# --- an ordinary user ------------------------------------------------------------------------------------------------

as_shop() {
  in_node setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/shop XDG_RUNTIME_DIR=/run/user/1000 "$@"
}
own=/home/shop/shop
as_shop "$release" init shop --root "$own" --quiet
as_shop "$release" trust add /srv/shop.pub --root "$own" --quiet
as_shop tee "$own/node.yaml" <<<'services: {driver: systemd}' >/dev/null
status=0
as_shop "$release" apply /srv/shop-1.tar.zst --root "$own" --quiet >refused.log 2>&1 || status=$?
((status == 10)) || fail "without a manager of his own: $status, $(cat refused.log)"
grep -q 'enable-linger' refused.log || fail "does not say what is to be done: $(cat refused.log)"
in_node loginctl enable-linger shop
wait_until "the user's manager is up" as_shop systemctl --user is-system-running --quiet
as_shop "$release" apply /srv/shop-1.tar.zst --root "$own" --quiet
must_say "$own" '1 100%n "shop" wrote /data/written /run/written /tmp/written;'
as_shop "$release" status --root "$own" --check >/dev/null || fail "release status is not content"
kill_node
boot
wait_until "the user's manager is up" as_shop systemctl --user is-system-running --quiet
as_shop "$release" status --root "$own" --check >/dev/null || fail "after a restart release status is not content"
echo "an ordinary user has units of his own, which come back with the machine"
