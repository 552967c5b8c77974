#!/usr/bin/env python3
"""A receiver of webhooks that checks signatures by itself, for stories and tests.

    webhook_receiver.py DIRECTORY [PORT [CERTIFICATE]]

Listens on loopback, writes its port to DIRECTORY/port once it does, and appends what it was told to
DIRECTORY/told: a line for how the signature was found, and the body. The secret is in DIRECTORY/secret; a file
DIRECTORY/answer holds the status to answer with, else it is 204. CERTIFICATE.crt and
CERTIFICATE.key make it https.
"""

import hashlib
import hmac
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

directory = Path(sys.argv[1])


def verdict(headers, body: bytes) -> str:
    timestamp = headers.get("X-Bakehouse-Timestamp", "")
    given = headers.get("X-Bakehouse-Signature", "")
    secret = (directory / "secret").read_bytes().splitlines()[0]
    wanted = "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given, wanted):
        return "the signature is wrong" if given else "no signature"
    return "the signature holds" if abs(time.time() - int(timestamp)) < 300 else "the signature is old"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with (directory / "told").open("a") as told:
            kind = self.headers["Content-Type"]
            told.write(f"{self.command} {self.path} {kind}: {verdict(self.headers, body)}\n{body.decode()}\n")
        answer = directory / "answer"
        self.send_response(int(answer.read_text()) if answer.exists() else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
if len(sys.argv) > 3:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[3] + ".crt", sys.argv[3] + ".key")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
(directory / "port").write_text(str(server.server_port))
server.serve_forever()
