"""Whether the application can do its work."""

import sqlite3

import book


def fault():
    """Why the book cannot be used, or None when it can."""
    try:
        with book.opened() as database:
            schema = database.execute("PRAGMA user_version").fetchone()[0]
            columns = [row["name"] for row in database.execute("PRAGMA table_info(entries)")]
    except sqlite3.Error as error:
        return f"{book.DATABASE}: {error}"
    if schema != book.SCHEMA:
        return f"{book.DATABASE} has schema {schema}, this version needs {book.SCHEMA}"
    if columns != book.COLUMNS:
        return f"{book.DATABASE} has the columns {columns}, this version needs {book.COLUMNS}"
    return None
