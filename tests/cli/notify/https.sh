#!/usr/bin/env bash
# A webhook by https goes to whom the certificate names, and to nobody else.

make_certificate() { # NAME SUBJECT-ALTERNATIVE
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=receiver -addext "subjectAltName=$2" \
    -keyout "hook/$1.key" -out "hook/$1.crt" 2>/dev/null
}
listen() { # CERTIFICATE
  rm -f hook/port
  "$BAKEHOUSE_SOURCE_DIR/tests/support/webhook_receiver.py" hook 0 "hook/$1" 2>/dev/null &
  receiver=$!
  wait_until test -s hook/port
}
write_node_file() { # MORE
  printf 'notify: [{webhook: "https://127.0.0.1:%s/hook", secret-file: %s/hook/secret%s}]\n' \
    "$(cat hook/port)" "$HOME" "$1" >production/node.yaml
}
trap 'kill "$receiver" 2>/dev/null || true' EXIT

release init shop --root production --quiet
mkdir hook
(umask 077 && echo 'correct horse' >hook/secret)
make_certificate here IP:127.0.0.1
make_certificate elsewhere DNS:example.org

listen here
write_node_file ''
run release notify test --root production
write_node_file ", ca-file: $HOME/hook/here.crt"
run release notify test --root production
kill "$receiver"

listen elsewhere
write_node_file ", ca-file: $HOME/hook/elsewhere.crt"
run release notify test --root production
run grep -c holds hook/told
