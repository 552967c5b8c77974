#!/usr/bin/env bash
# A database of SQLite that is written to all the time: copied whole, and put back, by the hooks that docs/backups.md shows.
python3 -c 'import sqlite3' 2>/dev/null || skip "python3 has no sqlite3"

make_staging
make_production
mkdir -p source/.bake/hooks

# example LANGUAGE: the lines of that block of the page.
example() {
  awk -v fence='```' -v language="$1" '
    /^### / { is_here = /SQLite/ }
    is_here && $0 == fence { is_in = 0 }
    is_in { print }
    is_here && $0 == fence language { is_in = 1 }' "$BAKEHOUSE_SOURCE_DIR/docs/backups.md"
}
example python >source/.bake/hooks/dump
example sh >source/.bake/hooks/restore
chmod +x source/.bake/hooks/*
cat >source/bake.yaml <<'YAML'
name: shop
data: {guestbook: guestbook}
services: {driver: supervisor}
YAML
echo 'web: exec python3 writer.py' >source/Procfile
# Each entry has two rows, written in one transaction: a copy of two moments would have one of them.
cat >source/writer.py <<'PYTHON'
import itertools, os, sqlite3

book = sqlite3.connect(os.environ["BAKEHOUSE_DATA"] + "/guestbook/guestbook.db")
book.execute("pragma journal_mode = wal")
book.execute("create table if not exists entries (number integer, half text)")
(last,) = book.execute("select coalesce(max(number), 0) from entries").fetchone()
for number in itertools.count(last + 1):
    with book:
        book.executemany("insert into entries values (?, ?)", [(number, "left"), (number, "right")])
PYTHON
cat >look.py <<'PYTHON'
import sqlite3, sys

book = sqlite3.connect(sys.argv[1])
(state,) = book.execute("pragma integrity_check").fetchone()
number, halves = book.execute("select max(number), count(*) from entries").fetchone()
print(state, "and whole" if halves == 2 * number else f"but {halves} halves of {number}", file=sys.stderr)
print(number)
PYTHON
look() { python3 look.py "$1" 2>said >"$2" && cat said; }
has_entries() { (($(python3 look.py production/data/guestbook/guestbook.db 2>/dev/null || echo 0) > "$1")); }

make_archive 1
echo 'services: {driver: supervisor}' >production/node.yaml
trap 'release stop --root production --quiet' EXIT
release apply staging/releases/shop-1.tar.zst --root production --quiet
wait_until has_entries 20
release backup create --root production --quiet
backup=$(release backup list --root production | tail -n 1 | cut -d ' ' -f 1)
run look production/archives/"$backup"/dumps/guestbook.db before
wait_until has_entries $(($(<before) + 20))

# What was written since is gone, and what writes goes on from there.
run release backup restore "$backup" --root production --yes --quiet
wait_until has_entries "$(<before)"
release stop --root production --quiet
run look production/data/guestbook/guestbook.db now
(($(<now) > $(<before))) && echo "it goes on from where the copy ended"
rows() { python3 -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute("select * from entries where number <= ?", (sys.argv[2],)), sep="\n")' "$@"; }
cmp <(rows production/archives/"$backup"/dumps/guestbook.db "$(<before)") <(rows production/data/guestbook/guestbook.db "$(<before)") &&
  echo "and holds the entries of the copy"
