#!/usr/bin/env bash
# A release holds no secret: not a value of the pillar, and nothing that looks like a key or a token.

make_staging
make_project source 1.0.0
bake secret set database.password --root staging --quiet <<<'correct horse battery'
bake secret set pin --root staging --quiet <<<'1234'
run bake ./source --root staging --no-apply --quiet

# The file, the line and what it is; never the value.
printf 'host: db\npassword: correct horse battery\npin: 1234\n' >source/public/settings.txt
run bake ./source --root staging --as 1.0.1 --no-apply --quiet
rm source/public/settings.txt

# What a library must know of keys is no key.
printf 'if line == "-----BEGIN RSA PRIVATE KEY-----":\n    pass  # AKIA, ghp_\n' >source/public/keys.py
run bake ./source --root staging --as 1.0.2 --no-apply --quiet
rm source/public/keys.py

openssl genpkey -algorithm ed25519 -out source/public/server.pem 2>/dev/null
cp shop.key source/public/
sed '1d' staging/.bakehouse/identity >source/public/identity
printf 'token = "ghp_%036d"\n' 7 >source/public/token.toml
printf '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\\n"}' >source/public/cloud.json
run bake ./source --root staging --as 1.0.3 --no-apply --quiet
run ls staging/releases

# What is no secret is named.
printf 'secrets: {allow: ["/public/*", "!token.toml"]}\n' >>source/bake.yaml
run bake ./source --root staging --as 1.0.4 --no-apply --quiet
sed -i '/secrets:/d' source/bake.yaml
printf 'secrets: {allow: [/public/server.pem, "*.key", identity, token.toml, cloud.json]}\n' >>source/bake.yaml
run bake ./source --root staging --as 1.0.5 --no-apply --quiet
printf 'secrets: {allow: ["*"]}\n' >broken
sed -i '/secrets:/d' source/bake.yaml
cat broken >>source/bake.yaml
run bake ./source --root staging --as 1.0.6 --no-apply --quiet
