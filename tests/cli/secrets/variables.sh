#!/usr/bin/env bash
# A secret of the pillar in the environment of a process: in there, in one file of its owner's, and nowhere else.

make_project source 1.0.0
cat >source/Procfile <<'PROCFILE'
web: printenv DATABASE_PASSWORD | cksum >"$BAKEHOUSE_DATA/web"; echo "$LEVEL" >>"$BAKEHOUSE_DATA/web"; exec sleep 600
worker: exec sleep 600
PROCFILE
cat >>source/bake.yaml <<'YAML'
env: {LEVEL: "${level:-info}"}
processes:
  web: {env: {DATABASE_PASSWORD: "${database.password}", LEVEL: debug}}
YAML
touch -d @1767225600 source/Procfile source/bake.yaml
make_staging
make_production
echo 'services: {driver: supervisor}' >production/node.yaml
mkdir -p production/pillar/recipients
sed -nE 's/^# public key: //p' production/.bakehouse/identity >production/pillar/recipients/production.txt
make_archive 1.0.0
trap 'release stop --root production --quiet' EXIT

# Without a value nothing is deployed.
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet

# What a shell or systemd would take for something else arrives as it is.
# shellcheck disable=SC2016
value='it costs "5 $HOME" \ or `more`'
seal() { bake secret set database.password --root production --pillar production/pillar --quiet <<<"$1"; }
seal "$value"
release plan staging/releases/shop-1.0.0.tar.zst --root production >said
run release apply staging/releases/shop-1.0.0.tar.zst --root production
wait_until test -s production/data/web
tail -n 1 production/data/web
sum_of() { cksum <<<"$1"; }
has_sum() { [[ $(head -n 1 production/data/web 2>/dev/null) == "$(sum_of "$1")" ]]; }
if has_sum "$value"; then echo 'the process has it'; fi

# Of the process alone: a command has what all have.

run release exec --root production -- printenv LEVEL
run release exec --root production -- printenv DATABASE_PASSWORD

# Where it is, and where it is not: what was said, logs, history, records, archive, what `ps` shows of anybody.
{
  release log --root production
  release history --root production
  release status --root production --json
  bake config ./source --root staging
  ps -eww -o args
} >>said
if grep -qF 'it costs' said; then echo 'it was said'; fi
grep -rlF 'it costs' production staging | while read -r file; do
  stat -c '%a' "$file"
  basename "$file"
done
if zstd -dc staging/releases/shop-1.0.0.tar.zst | grep -qF 'it costs'; then echo 'it is in the archive'; fi
# Neither does what keeps the processes running hold it.
supervisor=$(sed -nE 's/.*pid ([0-9]+).*/\1/p' production/.bakehouse/supervisor.lock)
if tr '\0' '\n' <"/proc/$supervisor/environ" | grep -qF 'it costs'; then echo 'the supervisor has it'; fi
grep -o '"variables":.*' production/.bakehouse/deployments/*/configuration.json

# Another value is a deployment of its own; a rollback brings the one before.
rm production/data/web
seal 'another one'
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
wait_until has_sum 'another one'
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run release rollback --root production --quiet
wait_until has_sum "$value"

# One that no environment can hold is told of, and nothing was touched.
printf 'a\0b' >binary
bake secret set database.password --file binary --root production --pillar production/pillar --quiet
run release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
has_sum "$value"
