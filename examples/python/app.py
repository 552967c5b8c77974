"""When the shop is open, as a page and as JSON. It listens on 127.0.0.1, behind a web server."""

import datetime
import json
import os
import pathlib
import signal
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from loaf import Application

HERE = pathlib.Path(__file__).parent
VERSION = (HERE / "VERSION").read_text().strip()
HOURS = json.loads((HERE / "hours.json").read_text())

application = Application()


@application.at("/")
def page(environ):
    rows = "\n".join(f"<tr><td>{day}<td>{hours or 'closed'}" for day, hours in HOURS.items())
    return "text/html; charset=utf-8", f"<!doctype html>\n<title>Hours</title>\n<table>\n{rows}\n</table>\n"


@application.at("/today.json")
def today(environ):
    day = datetime.date.today().strftime("%A")
    return "application/json", json.dumps({"day": day, "hours": HOURS[day]})


@application.at("/health")
def health(environ):
    return "text/plain", f"ok {VERSION}\n"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_server("127.0.0.1", int(os.environ.get("PORT", "8080")), application, Server).serve_forever()
