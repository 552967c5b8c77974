#!/usr/bin/env python3
"""Holds the architecture: which folder of src/ may include which, and who owns which library.

    check_layers.py [SRC]        checks SRC (default: src/ of this repository)
    check_layers.py --self-test  proves on a scratch tree that each kind of violation is caught

Exit status: 0 clean, 1 violations (each as `file:line: what, why, what next`).
To find a better cut, change a table below in the same commit as the code, and docs/architecture.md with it.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Third-party headers, by the only folder that may include them, so that replacing a library touches
# one folder. fmt is missing here on purpose: all share it.
OWNED_HEADERS = {
    "text": ["yaml-cpp/", "toml++/", "toml.hpp", "nlohmann/"],
    "crypto": ["sodium.h", "sodium/", "openssl/"],
    "net": ["curl/"],
    "tree": ["xxhash.h", "xxh3.h"],
    "artifact": ["zstd.h", "zstd_errors.h", "zdict.h", "divsufsort"],
    "source": ["archive.h", "archive_entry.h", "git2.h", "git2/"],
    # Through cli/common/parse.hh, which the one file of each program that needs it includes.
    "cli/common": ["CLI/"],
}

# The folders of src/ and those each may include besides itself. Everything else is a violation.
ALLOWED_FOLDERS = {
    "base": [],
    "text": ["base"],
    "crypto": ["base", "text"],
    "net": ["base", "crypto"],
    "tree": ["base", "crypto"],
    "artifact": ["base", "text", "crypto", "tree"],
    "config": ["base", "text", "crypto"],
    "launch": ["base", "text"],
    "service": ["base", "text", "config", "launch"],
    "phase": ["base", "text", "config"],
    "notify": ["base", "text", "crypto", "net", "config"],
    "source": ["base", "crypto", "tree", "artifact"],
    "buildpack": ["base", "text", "crypto", "tree", "artifact", "net", "config", "launch", "source"],
    "store": ["base", "text", "crypto", "net", "tree", "artifact"],
    "node": ["base", "text", "net", "crypto", "tree", "artifact", "config", "launch", "service", "phase",
             "notify"],
    "bakery": ["base", "text", "crypto", "net", "tree", "artifact", "config", "launch", "service", "phase",
               "source", "buildpack", "node"],
    "cli/common": ["base", "text", "config", "phase"],
    # A production node carries nothing of the build side, so `release` must not reach it.
    "cli/release": ["base", "text", "crypto", "net", "tree", "artifact", "config", "launch", "service", "phase",
                    "notify", "store", "node", "cli/common"],
    "cli/bake": ["base", "text", "crypto", "net", "tree", "artifact", "config", "launch", "service", "phase",
                 "source", "buildpack", "store", "node", "bakery", "cli/common"],
}

# Where one folder may use only a few headers of another.
ENTRANCES = {
    ("bakery", "node"): ["node/apply.hh", "node/local.hh"],
}

# Folders of <angle> headers that belong to the system; any other folder is a library without an owner.
SYSTEM_FOLDERS = ["sys", "linux", "asm", "arpa", "net", "netinet", "bits", "experimental", "fmt"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = {".cc", ".hh", ".cpp", ".hpp", ".c", ".h"}


def folder_of(path: str) -> str | None:
    """The folder of src/ a path belongs to: the first part, or the first two below cli/."""
    parts = path.split("/")[:-1]
    folder = "/".join(parts[: 2 if parts[:1] == ["cli"] else 1])
    return folder if folder in ALLOWED_FOLDERS else None


def owners_of(header: str) -> list[str]:
    """The folders that own a third-party header; none for our own headers and the system's."""
    return [folder for folder, prefixes in OWNED_HEADERS.items() if header.startswith(tuple(prefixes))]


def violation(folder: str, quote: str, header: str) -> str | None:
    """What is wrong with one include of a file in a folder: what, why, what next."""
    owners = owners_of(header)
    if owners:
        if folder in owners:
            return None
        return (f"{folder}/ includes {header}, which only {' and '.join(owners)} may, so that the library can be "
                f"replaced in one place; use what {owners[0]}/ offers, or add it there")
    if quote == "<":
        library = header.partition("/")[0]
        if "/" not in header or library in SYSTEM_FOLDERS:
            return None
        return (f"{header} belongs to a library no folder owns; "
                "name its owner in OWNED_HEADERS of tools/check_layers.py")
    if ".." in header.split("/") or "/" not in header:
        return f'"{header}" is a relative path, and includes are rooted at src/; write "{folder}/..."'
    target = folder_of(header)
    if target is None:
        return (f'"{header}" is in no folder that tools/check_layers.py knows; '
                "correct the path, or add the folder to ALLOWED_FOLDERS")
    if target != folder and target not in ALLOWED_FOLDERS[folder]:
        return (f'{folder}/ includes "{header}", but may include only {", ".join(ALLOWED_FOLDERS[folder]) or "itself"}; '
                f"move the code to where both can reach it, or pass in what {folder}/ needs")
    entrances = ENTRANCES.get((folder, target))
    if entrances and header not in entrances:
        return (f'{folder}/ includes "{header}", but enters {target}/ only through {" and ".join(entrances)}; '
                "offer there what is needed")
    return None


def check(src: Path) -> Iterator[str]:
    for path in sorted(p for p in src.rglob("*") if p.suffix in SOURCES):
        relative = path.relative_to(src).as_posix()
        folder = folder_of(relative)
        if folder is None:
            yield (f"{path}:1: this folder is unknown, so nothing says what it may include; "
                   "move the file, or add the folder to ALLOWED_FOLDERS of tools/check_layers.py")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            include = INCLUDE.match(line)
            what = include and violation(folder, *include.groups())
            if what:
                yield f"{path}:{number}: {what}"


# One row a rule: the file, its include, and a word of the message (None: allowed).
SELF_TEST = [
    ("base/error.cc", '"base/error.hh"', None),
    ("base/error.cc", "<fmt/format.h>", None),
    ("base/fd.cc", "<sys/stat.h>", None),
    ("text/yaml.cc", "<yaml-cpp/eventhandler.h>", None),
    ("node/apply.cc", '"service/units.hh"', None),
    ("bakery/cook.cc", '"node/apply.hh"', None),
    ("cli/release/main.cc", '"cli/common/render.hh"', None),
    ("cli/bake/main.cc", "<CLI/CLI.hpp>", "only cli/common may"),
    ("base/clock.cc", '"text/value.hh"', "may include only itself"),
    ("node/plan.cc", '"bakery/cook.hh"', "may include only base"),
    ("cli/release/pull.cc", '"source/git.hh"', "may include only base"),
    ("bakery/edit.cc", '"node/recover.hh"', "only through node/apply.hh"),
    ("config/node.cc", "<nlohmann/json.hpp>", "only text may"),
    ("config/pillar.cc", '"yaml-cpp/yaml.h"', "only text may"),
    ("cli/common/parse.hh", "<CLI/CLI.hpp>", None),
    ("net/http.cc", "<boost/asio.hpp>", "no folder owns"),
    ("tree/scan.cc", '"scan.hh"', "rooted at src/"),
    ("tree/diff.cc", '"../base/error.hh"', "rooted at src/"),
    ("tree/sync.cc", '"util/string.hh"', "in no folder"),
    ("util/string.cc", "<string>", "this folder is unknown"),
    ("main.cc", "<string>", "this folder is unknown"),
]


def self_test() -> int:
    failures = 0
    for name, header, expected in SELF_TEST:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"// A comment, so that the line number means something.\n#include {header}\n")
            found = list(check(Path(scratch)))
        caught = len(found) == 1 and expected is not None and expected in found[0]
        if not (caught or (expected is None and not found)):
            failures += 1
            print(f"{name} with {header}: expected {expected or 'nothing'}, found {found or 'nothing'}")
    # A table that names a folder nobody has would allow nothing, or everything, without a word.
    named = {f for folders in ALLOWED_FOLDERS.values() for f in folders} | set(OWNED_HEADERS)
    for folder in sorted(named - set(ALLOWED_FOLDERS)):
        failures += 1
        print(f"the tables name {folder}/, which is not in ALLOWED_FOLDERS")
    print(f"{len(SELF_TEST)} rules tried, {failures} wrong")
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 2
    src = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "src"
    if not src.is_dir():
        print(f"{src}: no such directory; give the path of src/", file=sys.stderr)
        return 1
    violations = list(check(src))
    for line in violations:
        print(line)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
