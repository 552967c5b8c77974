#!/usr/bin/env bash
# A health check by https believes whom the machine believes, and only for the name that it asks.

command -v python3 >/dev/null || skip 'no python3'
command -v openssl >/dev/null || skip 'no openssl'
# Whom the machine believes is at a fixed place: only in a mount namespace of our own may we name another.
believed=/etc/ssl/certs/ca-certificates.crt
[[ -f $believed ]] || skip "no $believed"
if [[ ${1-} != apart ]]; then
  unshare --mount true 2>/dev/null || skip 'no mount namespaces: they take root'
  make_staging
  make_production
  # A shell of its own reads these.
  # shellcheck disable=SC2016
  exec unshare --mount bash -c 'source "$1/tests/cli/prelude.bash"; source "$1/tests/cli/life/https_health.sh" apart' \
    story "$BAKEHOUSE_SOURCE_DIR"
fi

make_certificate() { # NAME SUBJECT-ALTERNATIVE
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop -addext "subjectAltName=$2" \
    -keyout "production/data/$1.key" -out "production/data/$1.crt" 2>/dev/null
}
make_certificate here DNS:localhost
make_certificate elsewhere DNS:example.org
make_certificate unknown DNS:localhost
cat production/data/{here,elsewhere}.crt >believed
mount --bind believed "$believed"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir source
echo 'web: exec python3 -I -S web.py' >source/Procfile
cat >source/web.py <<'PYTHON'
import http.server, os, ssl

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"all is well\n")

    def log_message(self, *_):
        pass

data, version = os.environ["BAKEHOUSE_DATA"], os.environ["BAKEHOUSE_VERSION"]
print("I am", version, flush=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{data}/{version}.crt", f"{data}/{version}.key")
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PYTHON
cat >source/bake.yaml <<YAML
name: shop
processes: {web: {port: $port}}
health: [{http: "https://localhost:$port/", body: well, every: 50ms, within: 6s}]
YAML
for version in here elsewhere unknown; do make_archive $version; done

# The port is another each time.
without_port() { "$@" 2>&1 | sed "s/:$port/:<port>/g"; }
apply() { without_port release apply "staging/releases/shop-$1.tar.zst" --root production --quiet; }
run apply here
run apply elsewhere
run apply unknown
history() { without_port release history --root production; }
run history
