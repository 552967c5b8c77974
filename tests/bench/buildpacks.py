#!/usr/bin/env python3
"""What the engine of buildpacks costs beside the buildpacks' own work; docs/benchmarks.md says how to read it.

    buildpacks.py --tool build/tests/support/buildpack_tool [--runs 5] [--place DIR] [--ahead]

Needs 400 MB and 30,000 inodes in DIR. Nothing is asserted: the exit status tells whether everything ran, never whether
it was fast.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import runner
from bench import Bench, links
from measure import CommandFailed, Conditions, Contender, Result, execute, race, say

DIRECTORIES, FILES_EACH, BYTES_EACH = 2_000, 10, 19_600
ASKED = 20

HEAD = """\
| job | wall ms | processor ms | times the first | at most | met |
|---|--:|--:|--:|---|---|"""

# Makes its layer where there is none, and declares it: what every buildpack does that finds its work done.
BUILD = """#!/bin/sh
set -e
[ -d "$1/modules" ] || cp -a "$CNB_BUILDPACK_DIR/layer" "$1/modules"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/modules.toml"
"""


def make_layer(layer: Path) -> None:
    content = os.urandom(BYTES_EACH)
    for number in range(DIRECTORIES):
        directory = layer / f"{number % 40:02}" / f"package-{number:04}"
        directory.mkdir(parents=True)
        for file in range(FILES_EACH):
            (directory / f"module-{file}.js").write_bytes(content)


def make_pack(place: Path, name: str, build: str) -> None:
    programs = place / name / "bin"
    programs.mkdir(parents=True)
    (place / name / "buildpack.toml").write_text(
        f'api = "0.12"\n[buildpack]\nid = "bench/{name}"\nversion = "1.0.0"\n')
    for program, content in (("detect", "#!/bin/sh\nexit 0\n"), ("build", build)):
        (programs / program).write_text(content)
        (programs / program).chmod(0o755)


def fresh_application(bench: Bench) -> Path:
    """As a bake begins where no tree is left of the one before."""
    application = bench.nothing_at("application")
    application.mkdir()
    return application


def rebuilds(bench: Bench) -> Iterator[tuple[Contender, float | None]]:
    """The same application with an unchanged layer of 392 MB, and with nothing to do at all."""
    make_pack(bench.scratch / "one", "modules", BUILD)
    make_layer(bench.scratch / "one/modules/layer")
    make_pack(bench.scratch / "none", "nothing", "#!/bin/sh\n")
    cache = bench.scratch / "cache"
    application = fresh_application(bench)
    build = bench.ours("build", application, bench.scratch / "one", cache)
    execute(build)
    kept = cache / "current/bench_modules/layers/modules"
    linked = bench.scratch / "linked"
    yield links(kept, linked, lambda: bench.put_away(linked)), None
    yield Contender("a build with nothing to do",
                    [bench.ours("build", application, bench.scratch / "none", bench.scratch / "no-cache")],
                    lambda: fresh_application(bench)), None
    yield Contender("an unchanged layer, nothing left of the tree before", [build],
                    lambda: fresh_application(bench)), 2
    # The same once more, so that what is measured finds the tree of the run before.
    yield Contender("an unchanged layer after the bake before", [build], lambda: execute(build)), 2


def detections(bench: Bench) -> Contender:
    packs = bench.scratch / "many"
    for number in range(ASKED):
        make_pack(packs, f"pack-{number:02}", "#!/bin/sh\n")
    return Contender(f"detect of {ASKED} buildpacks", [bench.ours("detect", fresh_application(bench), packs)])


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.0f}"


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def line_of(contender: Contender, result: Result, peer: Result | None, limit: float | None) -> str:
    ratio = result.median / peer.median if peer else None
    cells = [contender.name, milliseconds(result.median), milliseconds(median(result.processor_seconds)),
             f"{ratio:.2f} x" if ratio else "", f"{limit} x" if limit else "",
             runner.verdict(ratio, limit) if ratio else ""]
    return f"| {' | '.join(cells)} |"


def measure(bench: Bench, conditions: Conditions) -> None:
    say("making a layer of 392 MB")
    contenders = [*rebuilds(bench)]
    say("rebuilding")
    results = race([contender for contender, _ in contenders], conditions)
    print(HEAD)
    for (contender, limit), result in zip(contenders, results):
        print(line_of(contender, result, results[0], limit), flush=True)
    asked = detections(bench)
    peer = Contender(f"`sh -c true`, {ASKED} times", [["sh", "-c", "true"]] * ASKED)
    results = race([peer, asked], conditions)
    for contender, result in zip([peer, asked], results):
        print(line_of(contender, result, results[0], None), flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tool", required=True, help="the program buildpack_tool")
    options.add_argument("--place", type=Path, default=Path("/var/tmp"), help="on the file system to be measured")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--ahead", action="store_true",
                         help="what is timed runs ahead of other work on the machine (as root)")
    chosen = options.parse_args()
    with runner.scratch_in(chosen.place.resolve()) as scratch:
        print(runner.machine(scratch, ["cp"]) + "\n", flush=True)
        try:
            measure(Bench(os.path.realpath(chosen.tool), scratch, scratch),
                    Conditions(chosen.runs, scratch, chosen.ahead))
        except CommandFailed as failure:
            say(f"buildpacks.py: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
