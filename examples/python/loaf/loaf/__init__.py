"""Answers of a WSGI application by path, the length of a whole meal shorter than a framework."""

from http import HTTPStatus


class Application:
    """Give handlers a path with @application.at("/path"); they return a content type and a text."""

    def __init__(self):
        self.handlers = {}

    def at(self, path):
        def keep(handler):
            self.handlers[path] = handler
            return handler

        return keep

    def __call__(self, environ, start_response):
        handler = self.handlers.get(environ.get("PATH_INFO", "/"))
        status = HTTPStatus.OK if handler else HTTPStatus.NOT_FOUND
        kind, text = handler(environ) if handler else ("text/plain", "There is no such page.\n")
        body = text.encode()
        start_response(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]
