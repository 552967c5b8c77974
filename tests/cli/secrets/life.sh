#!/usr/bin/env bash
# Secrets are sealed values in the pillar: whoever has the pillar sees their keys, and only the roots that they are
# sealed to can open them.

run bake init shop --root staging
run stat -c '%a %n' staging/.bakehouse/identity

# A value comes from standard input or a file, never from the command line, where `ps` would show it.
run bake secret set database.password --root staging <<<'correct horse'
printf 'line one\nline two\n' >file
run bake secret set mail.key --file file --root staging
run bake secret list --root staging
run bake secret set database.password --root staging --json <<<'battery staple'

# The files are those of age: it opens what stands there.
run sed -E 's/^  .{20,}$/  .../' staging/pillar/secrets/staging.yaml
run cat staging/pillar/recipients/staging.txt
if grep -rq -e 'battery' -e 'line one' staging; then echo 'a value is in the open'; fi

# Another environment has other recipients, which its own root has printed.
run bake secret set database.password --environment production --root staging <<<'of production'
release init shop --root production --quiet
sed -n 's/^# public key: //p' production/.bakehouse/identity >staging/pillar/recipients/production.txt
run bake secret set database.password --environment production --root staging <<<'of production'
# Who cannot read them can seal more of them, and no more than that.
run bake secret list --environment production --root staging
EDITOR=false run bake secret edit --environment production --root staging

# A new identity: what was sealed to the old one is sealed anew, and the old one still reads.
run bake secret rotate --root staging
run grep -c AGE-SECRET-KEY staging/.bakehouse/identity
run bake secret list --root staging

# One that comes to read later is named, and told of at each value until all is sealed anew.
cat staging/pillar/recipients/production.txt >>staging/pillar/recipients/staging.txt
run bake secret list --root staging
run bake secret rotate --root staging --quiet
run bake secret list --root staging --json

# Who was taken out of the recipients of another environment and can still read there is not put back by that.
cp staging/pillar/recipients/production.txt left
sed -n 's/^# public key: //p' staging/.bakehouse/identity >>staging/pillar/recipients/production.txt
bake secret set database.password --environment production --root staging --quiet <<<'of production'
cp left staging/pillar/recipients/production.txt
run bake secret rotate --environment production --root staging
run cmp left staging/pillar/recipients/production.txt
run bake secret list --environment production --root staging
