"""The book itself: what an entry is, and the database that keeps them.

The tables are made and changed by .bake/hooks/post_deploy, never here.
"""

import sqlite3
import unicodedata
from contextlib import contextmanager
from datetime import datetime, timezone

DATABASE = "data/guestbook.db"
SCHEMA = 1  # what PRAGMA user_version of the database must be
COLUMNS = ["id", "name", "message", "at"]

NAME_LIMIT = 60
MESSAGE_LIMIT = 1000


class Refused(Exception):
    """An entry that the book does not take; the text is for the visitor."""


@contextmanager
def opened():
    """The database, which must exist; what was done is committed at the end."""
    database = sqlite3.connect(f"file:{DATABASE}?mode=rw", uri=True, timeout=5)
    database.row_factory = sqlite3.Row
    try:
        with database:
            yield database
    finally:
        database.close()


def entries():
    """All entries, the oldest first."""
    with opened() as database:
        rows = database.execute("SELECT id, name, message, at FROM entries ORDER BY id")
        return [dict(row) for row in rows]


def sign(form):
    """Writes an entry; when this returns, it is on the disk."""
    name = field(form, "name", NAME_LIMIT)
    message = field(form, "message", MESSAGE_LIMIT)
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with opened() as database:
        database.execute(
            "INSERT INTO entries (name, message, at) VALUES (?, ?, ?)",
            (name, message, at),
        )


def field(form, key, limit):
    text = form.get(key, "").replace("\r\n", "\n").strip()
    if not text:
        raise Refused(f"Please write your {key}.")
    if len(text) > limit:
        raise Refused(f"Your {key} is too long: {len(text)} characters of at most {limit}.")
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise Refused(f"Your {key} has a control character.")
    return text
