"""A guest book: people leave their name and a few words.

It runs in its own directory: VERSION says which version it is, data/guestbook.db holds the book.
"""

import sys

sys.dont_write_bytecode = True  # a release is not written to by the program it holds

import json
import os
import signal
import socketserver
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import book
import health
import page

BODY_LIMIT = 16 * 1024
FORM = "application/x-www-form-urlencoded"


def read_version():
    with open("VERSION", encoding="utf-8") as file:
        return file.read().strip()


VERSION = read_version()


def as_json(entries):
    """A list with one entry a line, for people who read it too."""
    return "[" + ",\n ".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "]\n"


class Visit(BaseHTTPRequestHandler):
    """One request of one visitor."""

    server_version = f"guestbook/{VERSION}"
    sys_version = ""
    timeout = 10  # seconds until a silent visitor is sent away

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/":
            self.answer(200, page.book(book.entries(), VERSION), "text/html")
        elif path == "/entries.json":
            self.answer(200, as_json(book.entries()), "application/json")
        elif path == "/health":
            fault = health.fault()
            self.answer(503 if fault else 200, (fault or f"ok {VERSION}") + "\n")
        elif path == "/version":
            self.answer(200, VERSION + "\n")
        else:
            self.answer(404, "There is no such page.\n")

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            return self.answer(411, "Say how long the form is.\n")
        # Read before anything is refused: who closes with bytes unread takes the answer back.
        body = self.rfile.read(min(int(length), 64 * BODY_LIMIT))
        if urlsplit(self.path).path != "/sign":
            return self.answer(404, "There is no such page.\n")
        if self.headers.get_content_type() != FORM:
            return self.answer(415, f"Send the form as {FORM}.\n")
        if int(length) > BODY_LIMIT:
            return self.answer(413, f"A form has at most {BODY_LIMIT} bytes.\n")
        if len(body) < int(length):
            raise ConnectionError("the visitor left in the middle of the form")

        try:
            form = dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=10))
            book.sign(form)
        except book.Refused as refusal:
            return self.answer(400, f"{refusal}\n")
        except ValueError:  # what no browser sends
            return self.answer(400, "The form cannot be read.\n")
        self.answer(303, "Thank you.\n", headers={"Location": "/"})

    def answer(self, status, text, kind="text/plain", headers=None):
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", page.POLICY)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except sqlite3.Error as error:
            self.log_error("%s: %s", book.DATABASE, error)
            self.answer(500, "The book cannot be opened just now.\n")
        except ConnectionError:
            self.close_connection = True  # the visitor left

    def log_request(self, code="-", size="-"):
        if getattr(self, "path", None) != "/health":  # asked several times a second
            super().log_request(code, size)


class Server(ThreadingHTTPServer):
    request_queue_size = 64

    def server_bind(self):
        """Binds without asking a name server for our name, as HTTPServer would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


def read_port():
    port = os.environ.get("PORT", "8080")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        sys.exit(f"guestbook: PORT is '{port}', which is no port number")
    return int(port)


def main():
    # Raised in this thread, which only accepts connections: it ends at once, with status 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    port = read_port()
    try:
        server = Server(("127.0.0.1", port), Visit)
    except OSError as error:
        sys.exit(f"guestbook: cannot listen on 127.0.0.1:{port}: {error.strerror}")
    with server:
        print(f"guestbook {VERSION} listens on http://127.0.0.1:{port}/", file=sys.stderr)
        server.serve_forever()


if __name__ == "__main__":
    main()
