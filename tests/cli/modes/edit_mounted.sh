#!/usr/bin/env bash
# Where mounting is allowed run/ is project/ at its own path, and a line of /etc/fstab says so to the next start.

((EUID == 0)) || skip "only root may mount"
[[ ! -d /run/systemd/system ]] || skip "here systemd mounts"
mkdir etc
cp /etc/{passwd,group,nsswitch.conf} etc/
printf '# kept\n' >etc/fstab
# All of it in a namespace of its own: no table of the machine is written to.
alone() { unshare --mount sh -c 'mount --bind etc /etc && "$@"' sh "$@"; }
alone true 2>/dev/null || skip "this machine does not let one mount"

make_staging
printf 'services: {driver: none}\n' >staging/node.yaml
make_project "staging/project" 1
bake --root staging --quiet
echo edited >staging/project/public/index.html

# shellcheck disable=SC2016
run alone sh -c 'bake edit --root staging && cat staging/run/public/index.html && cat /etc/fstab &&
  release status --root staging && bake edit --off --root staging && cat staging/run/public/index.html'
run cat etc/fstab
run release verify --root staging
