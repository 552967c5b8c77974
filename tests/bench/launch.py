#!/usr/bin/env python3
"""How long it takes until a process of a release runs, against `sh -c true`.

    launch.py --programs build/src [--rounds 200] [--ahead]

Each contender in turn, a whole process every time, after a few rounds that only warm; the table has medians.
Nothing is asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import runner
from measure import ahead_of_others

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}
WARMING = 5
LAYERS = 10

HEAD = """\
| job | ms | times `sh -c true` | at most | met |
|---|--:|--:|--:|---|"""


@dataclass
class Start:
    name: str
    command: list[str]
    limit: float | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class StartFailed(Exception):
    pass


def start_once(start: Start) -> float:
    begin = time.perf_counter()
    pid = os.posix_spawn(start.command[0], start.command, ENVIRONMENT)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        raise StartFailed(f"{start.name}: ended with {os.waitstatus_to_exitcode(status)}")
    return seconds


def race(starts: list[Start], rounds: int) -> None:
    for turn in range(WARMING + rounds):
        for start in starts if turn % 2 == 0 else reversed(starts):
            seconds = start_once(start)
            if turn >= WARMING:
                start.seconds.append(seconds)


def make_application(place: Path, layers: int) -> Path:
    """With a process `web` that is `true`, on layers that have what layers mostly have."""
    names = [f"layer{number:02}" for number in range(layers)]
    listed = ",".join(f'"{name}"' for name in names)
    (place / ".bakehouse").mkdir(parents=True)
    (place / ".bakehouse/launch.json").write_text(
        '{"schema":1,"default":"web","processes":[{"type":"web","command":["true"]}],'
        f'"buildpacks":[{{"id":"some/pack","layers":[{listed}]}}]}}')
    for name in names:
        layer = place / ".layers/some_pack" / name
        (layer / "bin").mkdir(parents=True)
        (layer / "env.launch").mkdir()
        (layer / "env.launch" / f"{name}_HOME.default").write_text("/opt")
        (layer / "env.launch" / "SHARED.append").write_text(name)
    return place


def make_root(place: Path, bake: str) -> Path:
    """With a release in service."""
    source, root = place / "source", place / "root"
    source.mkdir(parents=True)
    (source / "bake.yaml").write_text("name: bench\nversion: 1\n")
    (source / "Procfile").write_text("web: exec sleep 600\n")
    key = str(place / "key")
    for words in (["key", "new", key, "--no-password"], ["init", "bench", "--root", str(root), "--key", key],
                  [str(source), "--root", str(root)]):
        subprocess.run([bake, *words], check=True, stdout=subprocess.DEVNULL)
    return root


def starts_in(scratch: Path, programs: Path) -> list[Start]:
    launch, release = str(programs / "launch/launch"), str(programs / "cli/release/release")
    bare = str(make_application(scratch / "bare", 0))
    layered = str(make_application(scratch / "layered", LAYERS))
    root = str(make_root(scratch / "site", str(programs / "cli/bake/bake")))
    return [
        Start("sh -c true", ["/bin/sh", "-c", "true"]),
        Start("bash -c true", ["/bin/bash", "-c", "true"]),
        Start("launch of a process `true`", [launch, bare, "web"], 2),
        Start(f"the same on {LAYERS} layers", [launch, layered, "web"]),
        Start("launch of a script `true`", [launch, bare, "true"]),
        Start("release exec true", [release, "exec", "--root", root, "true"], 12),
        Start("release exec -- true", [release, "exec", "--root", root, "--", "true"], 12),
    ]


def line_of(start: Start, peer: Start) -> str:
    ratio = start.median / peer.median
    limit = "" if start.limit is None else f"{start.limit} x"
    return (f"| {start.name} | {start.median * 1e3:.2f} | {ratio:.2f} x | {limit} | "
            f"{runner.verdict(ratio, start.limit)} |")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--programs", type=Path, required=True, help="src of a build directory")
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--ahead", action="store_true",
                         help="what is timed runs ahead of other work on the machine (as root)")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-launch-") as name:
        scratch = Path(name)
        starts = starts_in(scratch, chosen.programs.resolve())
        print(runner.machine(scratch, ["bash"]) + "\n", flush=True)
        try:
            with ahead_of_others(chosen.ahead):
                race(starts, chosen.rounds)
        except StartFailed as failure:
            print(f"launch.py: {failure}", file=sys.stderr)
            return 1
    print("\n".join([HEAD, *(line_of(start, starts[0]) for start in starts)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
