#!/usr/bin/env bash
# Where a value is not: in the arguments of a process, in what is printed, in the archive, in the root, in a core dump.

make_staging
make_project source 1.0.0
value='correct horse battery staple'
bake secret set database.password --root staging <<<"$value" >said 2>&1
printf '%s' "$value" >value
bake secret set mail.password --file value --root staging >>said 2>&1
rm value
{
  bake secret list --root staging --json
  EDITOR=true bake secret edit --root staging
  bake secret rotate --root staging
  bake ./source --root staging
} >>said 2>&1
if grep -q "$value" said; then echo 'it was printed'; fi

# Not in all that a deployment leaves behind, packed or not.
if grep -rq "$value" staging; then echo 'it is in the root'; fi
for archive in staging/releases/*.tar.zst; do
  if zstd -dc "$archive" | grep -q "$value"; then echo 'it is in the archive'; fi
done
run find staging -perm /077 -name identity

# While it is open, nobody else sees it: not in `ps`, not by reading the memory of the process, not in a core.
cat >look <<'EDITOR'
#!/bin/sh
bake=$PPID
tr '\0' '\n' <"/proc/$bake/cmdline" | grep -c horse
tr '\0' '\n' <"/proc/$bake/environ" 2>/dev/null | grep -c horse
grep -c horse "$1"
rm -r "$(dirname "$1")" # which nobody does for a process that crashes
kill -ABRT "$bake"
EDITOR
chmod +x look
ulimit -c unlimited
(EDITOR="exec ./look" run bake secret edit --root staging) 2>/dev/null
run find . -maxdepth 1 -name 'core*'
