#!/usr/bin/env bash
# Releases that follow each other, two of them broken, while somebody asks without a pause: nobody is refused, and
# nobody ever sees the broken ones.

command -v python3 >/dev/null || skip 'python3 is not installed'

make_staging
make_production
trap 'touch enough; release stop --root production --quiet' EXIT
cat >production/node.yaml <<'YAML'
services: {strategy: overlap}
processes: {web: {socket: "127.0.0.1:28191"}}
health: [{http: /, every: 100ms, within: 2s}]
YAML

# Reads its page anew for each request, by the path of run/, as what loads something late does.
make_project source 1
cat >source/web.py <<'PYTHON'
import os, select, signal, socket

listener = socket.socket(fileno=3)
listener.setblocking(False)
told, tell = os.pipe()
signal.signal(signal.SIGTERM, lambda *_: os.write(tell, b"x"))
while told not in (ready := select.select([listener, told], [], [])[0]):
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        continue
    connection.settimeout(10)
    connection.recv(4096)
    with open(os.environ["BAKEHOUSE_RUN"] + "/public/index.html", "rb") as page:
        body = page.read()
    status = b"500 Broken" if b"broken" in body else b"200 OK"
    connection.sendall(b"HTTP/1.0 " + status + b"\r\n\r\n" + body)
    connection.close()
PYTHON
printf 'web: exec python3 web.py\n' >source/Procfile
# With a secret in its files: that nobody may look at what is opened for them must not end the overlap.
mkdir -p source/.bake/templates production/pillar
# shellcheck disable=SC2016
echo 'PASSWORD=${password|shell}' >source/.bake/templates/shop.env
bake secret set password --root production --pillar production/pillar --quiet <<<'correct horse'
touch -d @1767225600 source/*
next() {
  printf 'shop %s\n' "$2" >source/public/index.html
  make_archive "$1"
}
for version in 1 2 3 4; do next "$version" "$version"; done
next 5 broken
next 6 broken

run release apply staging/releases/shop-1.tar.zst --root production
"$BAKEHOUSE_SOURCE_DIR/tests/support/ask.py" 28191 >asked &
asking=$!
seen() { wait_until test -e "saw-shop-$1"; }
seen 1
run release apply staging/releases/shop-2.tar.zst --root production
seen 2
run release apply staging/releases/shop-5.tar.zst --root production --quiet
run release apply staging/releases/shop-3.tar.zst --root production --quiet
seen 3
run release apply staging/releases/shop-6.tar.zst --root production --quiet
run release apply staging/releases/shop-4.tar.zst --root production --quiet
seen 4
run release status --root production
touch enough
wait "$asking"
cat asked
run release rollback --root production --quiet
run release verify --root production
