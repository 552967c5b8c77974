"""A guest book: people leave their name and a few words.

It runs in its own directory: VERSION says which version it is, data/guestbook.db holds the book.
"""

import sys

sys.dont_write_bytecode = True  # a release is not written to by the program it holds

import json
import os
import signal
import socket
import socketserver
import sqlite3
import threading
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
    daemon_threads = False  # who is being answered when we end still gets the answer

    def server_bind(self):
        """Binds without asking a name server for our name, as HTTPServer would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


def passed_socket():
    """The one that our supervisor listens at, if it does: then nobody is refused while versions change."""
    is_ours = os.environ.get("LISTEN_PID") == str(os.getpid())
    return socket.socket(fileno=3) if is_ours and os.environ.get("LISTEN_FDS") == "1" else None


def make_server(port):
    passed = passed_socket()
    if passed is None:
        return Server(("127.0.0.1", port), Visit)
    server = Server(passed.getsockname(), Visit, bind_and_activate=False)
    server.socket.close()
    # Others may accept at it, too: who comes second finds nobody there, and must not wait for the next visitor.
    passed.setblocking(False)
    server.socket = passed
    server.server_name, server.server_port = passed.getsockname()
    return server


def read_port():
    port = os.environ.get("PORT", "8080")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        sys.exit(f"guestbook: PORT is '{port}', which is no port number")
    return int(port)


def main():
    port = read_port()
    try:
        server = make_server(port)
    except OSError as error:
        sys.exit(f"guestbook: cannot listen on 127.0.0.1:{port}: {error.strerror}")

    def end(*_):
        # Waits for the loop below to end, which this thread is in.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with server:
        print(f"guestbook {VERSION} listens on http://127.0.0.1:{port}/", file=sys.stderr)
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
