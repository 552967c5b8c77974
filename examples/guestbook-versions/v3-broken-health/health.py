"""Whether the application can do its work."""

import os
import sqlite3

import book

# The bug of this version: what comes from the environment is text, and no text equals a number.
SCHEMA = os.environ.get("GUESTBOOK_SCHEMA", str(book.SCHEMA))


def fault():
    """Why the book cannot be used, or None when it can."""
    try:
        with book.opened() as database:
            schema = database.execute("PRAGMA user_version").fetchone()[0]
            columns = [row["name"] for row in database.execute("PRAGMA table_info(entries)")]
    except sqlite3.Error as error:
        return f"{book.DATABASE}: {error}"
    if schema != SCHEMA:
        return f"{book.DATABASE} has schema {schema}, this version needs {SCHEMA!r}"
    if columns != book.COLUMNS:
        return f"{book.DATABASE} has the columns {columns}, this version needs {book.COLUMNS}"
    return None
