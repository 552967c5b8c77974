"""Notes: people leave a few words, and read those of others.

    GET /notes.json   all notes, the oldest first
    POST /add         the body is a note
    GET /health       200 when the database answers
"""

import sys

sys.dont_write_bytecode = True  # a release is not written to by the program it holds

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import database

BODY_LIMIT = 16 * 1024


class Visit(BaseHTTPRequestHandler):
    """One request of one visitor."""

    timeout = 10  # seconds until a silent visitor is sent away

    def do_GET(self):
        if self.path not in ("/notes.json", "/health"):
            return self.answer(404, "There is no such page.\n")
        try:
            notes = database.notes()
        except database.Unreachable as error:
            return self.answer(503, f"{error}\n")
        self.answer(200, "ok\n" if self.path == "/health" else notes)

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/add" or not (length.isascii() and length.isdigit()) or int(length) > BODY_LIMIT:
            return self.answer(400, f"POST a note of at most {BODY_LIMIT} bytes to /add.\n")
        try:
            database.add(self.rfile.read(int(length)).decode("utf-8"))
        except (database.Refused, UnicodeDecodeError) as refusal:
            return self.answer(400, f"{refusal}\n")
        except database.Unreachable as error:
            return self.answer(503, f"{error}\n")
        self.answer(200, "Thank you.\n")

    def answer(self, status, text):
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        if self.path != "/health":  # asked several times a second
            super().log_request(code, size)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Visit) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
