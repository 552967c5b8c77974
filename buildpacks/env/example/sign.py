"""Shows what the environment says."""

import http.server
import os


class Sign(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        names = ("GREETING", "SIGN_COLOUR", "SHELVES")
        self.wfile.write("".join(f"{name}={os.environ.get(name)}\n" for name in names).encode())


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Sign).serve_forever()
