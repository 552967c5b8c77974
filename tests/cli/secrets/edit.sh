#!/usr/bin/env bash
# `bake secret edit` opens all values in $EDITOR, in memory, and leaves nothing of them behind.

bake init shop --root staging --quiet
bake secret set database.password --root staging --quiet <<<'correct horse'
bake secret set mail.password --root staging --quiet <<<'tell nobody'
head -c 64 /dev/urandom >bytes
bake secret set session.key --file bytes --root staging --quiet

# An editor that shows what it was given, and where.
cat >show <<'EDITOR'
#!/bin/sh
stat -c '%a' "$1" && cat "$1" && stat -f -c %T "$1"
echo "$1" >edited
EDITOR
chmod +x show
EDITOR=./show run bake secret edit --root staging
[[ ! -e $(cat edited) && ! -e $(dirname "$(cat edited)") ]] || echo 'it is still there'

# Changed, added and removed; what is the same keeps its seal, and so does what is no text.
cp staging/pillar/secrets/staging.yaml before
EDITOR="sed -i -e '\$aapi.token: abc-123' -e s/horse/donkey/ -e /mail/d" run bake secret edit --root staging
run bake secret list --root staging
grep -A3 '^"session' before >session
grep -A3 '^"session' staging/pillar/secrets/staging.yaml | run cmp - session

# With a fault nothing is changed. (At a terminal the editor opens once more.)
EDITOR="sed -i -e '\$a[' " run bake secret edit --root staging
EDITOR="sed -i -e 's/^.*donkey.*$/database: [1, 2]/'" run bake secret edit --root staging
EDITOR="sed -i -e '\$adatabase: within'" run bake secret edit --root staging
EDITOR=false run bake secret edit --root staging
EDITOR=/nowhere run bake secret edit --root staging
# A file without a byte is an accident of the editor.
EDITOR='truncate -s 0' run bake secret edit --root staging
# What was written by others meanwhile is not written over.
cp staging/pillar/secrets/staging.yaml present
cat >slow <<'EDITOR'
#!/bin/sh
cp before staging/pillar/secrets/staging.yaml
echo 'late: word' >>"$1"
EDITOR
chmod +x slow
EDITOR=./slow run bake secret edit --root staging
run cmp before staging/pillar/secrets/staging.yaml
cp present staging/pillar/secrets/staging.yaml
run bake secret list --root staging --quiet

# An editor that is killed, or a bake that is, takes what it edited along.
cat >sleeper <<'EDITOR'
#!/bin/sh
echo "$1" >edited
exec sleep 60
EDITOR
chmod +x sleeper
rm edited
EDITOR=./sleeper bake secret edit --root staging 2>said &
wait_until test -s edited
# A second one is refused meanwhile.
run bake secret set mail.password --root staging <<<'too late'
kill -TERM $!
wait $! || echo "[exit $?]"
cat said
[[ ! -e $(cat edited) ]] || echo 'it is still there'
