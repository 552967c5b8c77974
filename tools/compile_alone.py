#!/usr/bin/env python3
"""Compiles files each by itself, making nothing: what a build of whole folders hides is a missing #include.

    compile_alone.py BUILDDIR FILE...     BUILDDIR was set up by Meson without unity; files it does not know are passed over

Exit status: 0 all compile, 1 not (the compiler's words are printed), 2 misused.
"""

import json
import multiprocessing.pool
import os
import pathlib
import shlex
import subprocess
import sys


def without_output(words: list[str]) -> list[str]:
    """A compiler's command that makes neither an object nor a list of what it read."""
    kept = []
    rest = iter(words)
    for word in rest:
        if word in ("-o", "-MF", "-MQ"):
            next(rest, None)
        elif word != "-MD":
            kept.append(word)
    return [*kept, "-fsyntax-only"]


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    build = pathlib.Path(sys.argv[1])
    wanted = {os.path.realpath(name) for name in sys.argv[2:]}
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    chosen = [one for one in commands if os.path.realpath(os.path.join(one["directory"], one["file"])) in wanted]

    def compile_one(one: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(without_output(shlex.split(one["command"])), cwd=one["directory"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    with multiprocessing.pool.ThreadPool() as pool:
        results = pool.map(compile_one, chosen, chunksize=1)
    for result in results:
        if result.returncode != 0:
            print(result.stdout)
    print(f"{len(results)} files compile alone" if all(r.returncode == 0 for r in results) else "not all files compile alone")
    return 0 if all(result.returncode == 0 for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
