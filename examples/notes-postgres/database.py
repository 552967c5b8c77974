"""The notes and the database that keeps them, through psql: nothing to install but PostgreSQL's own client.

data/pg_service.conf says where the server is. The tables are made and changed by .bake/hooks/post_deploy, never here.
"""

import os
import subprocess

SERVICE_FILE = os.path.abspath("data/pg_service.conf")
TEXT_LIMIT = 1000


class Unreachable(Exception):
    """The database gave no answer, or an error; the text is psql's."""


class Refused(Exception):
    """A note that is not taken; the text is for the visitor."""


def ask(statement, **values):
    """What the statement returns, as text. A value stands in it as :'name', and psql quotes it."""
    words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "service=notes"]
    for name, value in values.items():
        words += ["-v", f"{name}={value}"]
    environment = {**os.environ, "PGSERVICEFILE": SERVICE_FILE, "PGCONNECT_TIMEOUT": "5"}
    answer = subprocess.run(words, input=statement, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Unreachable(answer.stderr.strip())
    return answer.stdout


def notes():
    """All of them as JSON, the oldest first."""
    return ask("SELECT coalesce(json_agg(notes ORDER BY id), '[]') FROM notes")


def add(text):
    """When this returns, the note is on the disk."""
    text = text.strip()
    if not text:
        raise Refused("Please write a note.")
    if len(text) > TEXT_LIMIT or "\0" in text:
        raise Refused(f"A note has at most {TEXT_LIMIT} characters.")
    ask("INSERT INTO notes (text) VALUES (:'text')", text=text)
