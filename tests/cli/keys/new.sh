#!/usr/bin/env bash
# Signing keys are minisign's files: FILE signs, and FILE.pub is for those who verify.

run bake key new shop.key --no-password
run stat -c '%a %n' shop.key shop.pub
run cat shop.pub
run bake key show shop.key

# Neither file is ever overwritten.
run bake key new shop.key --no-password
mv shop.key saved.key
run bake key new shop.key --no-password
run ls
mv saved.key shop.key

# A pass phrase comes from a file, a descriptor or the terminal, never from the command line.
echo 'correct horse' >phrase
run bake key new locked.key --password-file phrase
run bake key show locked.key --password-fd 3 3<phrase
# The descriptor stays open: here the answer follows on it.
cp phrase both
bake key show locked.key --password-fd 1 1<>both
run cat both
run bake key show locked.key --password-fd 77
echo 'wrong horse' >wrong
run bake key show locked.key --password-file wrong
: >empty
run bake key new other.key --password-file empty

# Baking opens the key the same way.
bake init shop --root staging --quiet
make_project source 1.0.0
run bake ./source --root staging --key locked.key --password-file phrase --no-apply --quiet

# A secret key that others can read is no secret.
chmod 644 shop.key
run bake ./source --root staging --key shop.key --as 2 --no-apply --quiet
run ls staging/releases

# The public half signs nothing, whoever may read it.
run bake key show shop.pub
run bake ./source --root staging --key shop.pub --as 2 --no-apply --quiet
