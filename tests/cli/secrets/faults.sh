#!/usr/bin/env bash
# What is wrong with a secret, a key or a file of them is said without ever saying the value.

bake init shop --root staging --quiet

run bake secret set 'database password' --root staging <<<'x'
run bake secret set .password --root staging <<<'x'
run bake secret set bakehouse.version --root staging <<<'x'
run bake secret set 2fa.seed --root staging <<<'x'
run bake secret set empty --root staging </dev/null
run bake secret set absent --file nowhere --root staging
head -c 700001 /dev/zero >large
run bake secret set large --file large --root staging
# As large as can be, and one more than the file has room for.
truncate -s 700000 large
run bake secret set large --file large --root staging
run bake secret set second --file large --root staging
run bake secret list --root staging
rm staging/pillar/secrets/staging.yaml
run bake secret set database --root staging <<<'one value'
run bake secret set database.password --root staging <<<'another'
run bake secret set database --environment ../etc --root staging <<<'x'
run bake secret set database --pillar nowhere --root staging <<<'x'

# An identity that others can read is none.
chmod 644 staging/.bakehouse/identity
run bake secret rotate --root staging
chmod 600 staging/.bakehouse/identity

# Recipients: what was put there by mistake is not shown when it is secret.
cp staging/pillar/recipients/staging.txt saved
echo anna >>staging/pillar/recipients/staging.txt
run bake secret set other --root staging <<<'x'
sed -n 's/^AGE-/  &/p' staging/.bakehouse/identity | tr '[:upper:]' '[:lower:]' >staging/pillar/recipients/staging.txt
run bake secret set other --root staging <<<'x'
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA' >staging/pillar/recipients/staging.txt
run bake secret set other --root staging <<<'x'
cp saved staging/pillar/recipients/staging.txt

# A value that was cut, and one that was never sealed.
cp staging/pillar/secrets/staging.yaml saved.yaml
sed -i '/END AGE/d' staging/pillar/secrets/staging.yaml
run bake secret rotate --root staging
printf 'database: correct horse\n' >staging/pillar/secrets/staging.yaml
run bake secret rotate --root staging
printf -- '- correct horse\n' >staging/pillar/secrets/staging.yaml
run bake secret list --root staging
cp saved.yaml staging/pillar/secrets/staging.yaml

# A pillar is somebody's commit: its links are not followed.
mkdir elsewhere
mv staging/pillar/secrets elsewhere/secrets
ln -s ../../elsewhere/secrets staging/pillar/secrets
run bake secret set other --root staging <<<'x'
run ls elsewhere/secrets
run grep -c AGE-SECRET-KEY staging/.bakehouse/identity
