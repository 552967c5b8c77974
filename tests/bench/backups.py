#!/usr/bin/env python3
"""Incremental backups of many files against rsync; docs/benchmarks.md says how to read it.

    backups.py --tool build/src/cli/release/release [--files 50000] [--bytes 10000000000] [--runs 5] [--place DIR] [--ahead]

Before each run one file in a hundred is written anew. Ours is `release backup create`, two passes and all; the peer
is `rsync -a --link-dest` of the backup before, with `sync -f`, because ours is durable when it ends. Both keep all that
they have made until the end. DIR is on the file system that both write to. Nothing is asserted.
"""

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Conditions, Contender, Result, execute, run_once, say

DIRECTORY = 100  # files in each


def make_data(data: Path, files: int, size: int) -> list[Path]:
    source = random.Random("backups")
    paths = []
    for i in range(files):
        path = data / f"{i // DIRECTORY // 100:02}" / f"{i // DIRECTORY % 100:02}" / f"file-{i % DIRECTORY:02}"
        if i % DIRECTORY == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(source.randbytes(size))
        paths.append(path)
    return paths


def change(paths: list[Path], size: int, turn: int) -> None:
    source = random.Random(turn)
    for path in source.sample(paths, len(paths) // 100):
        path.write_bytes(source.randbytes(size))


class Rsync:
    """One directory for each backup, linked to the one before."""

    def __init__(self, data: Path, place: Path):
        self.data, self.place, self.made = data, place, 0

    def contender(self) -> Contender:
        self.made += 1
        earlier = [f"--link-dest={self.place / str(self.made - 1)}"] if self.made > 1 else []
        command = ["rsync", "-a", *earlier, f"{self.data}/", f"{self.place / str(self.made)}/"]
        return Contender("`rsync -a --link-dest`, `sync -f`", [command, ["sync", "-f", str(self.place)]])


def measure(options: argparse.Namespace, scratch: Path) -> tuple[Result, Result]:
    root = scratch / "root"
    execute([options.tool, "init", "bench", "--root", str(root)])
    size = max(1, options.bytes // options.files)
    paths = make_data(root / "data", options.files, size)
    (scratch / "rsync").mkdir()
    peer = Rsync(root / "data", scratch / "rsync")
    ours = Contender("`release backup create`", [[options.tool, "backup", "create", "--root", str(root)]])
    conditions = Conditions(options.runs, scratch, options.ahead)
    for contender in (ours, peer.contender()):  # the first backup is a whole one
        say(f"the first: {contender.name}")
        run_once(contender, Result(), conditions)
    results = (Result(), Result())
    for turn in range(options.runs):
        change(paths, size, turn)
        lanes = [(ours, results[0]), (peer.contender(), results[1])]
        for contender, result in lanes if turn % 2 == 0 else reversed(lanes):
            run_once(contender, result, conditions)
            say(f"{contender.name}: {result.seconds[-1]:.3f} s")
    return results


def table(options: argparse.Namespace, ours: Result, peer: Result) -> str:
    work = [statistics.median(result.processor_seconds) for result in (ours, peer)]
    return ("| job | ours s | peer s | ratio | at most | ours, processor s | peer, processor s |\n|---|--:|--:|--:|--:|--:|--:|\n"
            f"| {options.files} files, {options.bytes / 1e9:g} GB, 1 % changed | {ours.median:.3f} | {peer.median:.3f} "
            f"| {ours.median / peer.median:.2f} x | 0.5 x | {work[0]:.3f} | {work[1]:.3f} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=10_000_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--place", type=Path)
    parser.add_argument("--ahead", action="store_true", help="of other work on the machine; wants the right to that")
    options = parser.parse_args()
    options.tool = str(Path(options.tool).resolve())
    with tempfile.TemporaryDirectory(dir=options.place) as scratch:
        print(table(options, *measure(options, Path(scratch))), flush=True)  # removing it all takes a while
    return 0


if __name__ == "__main__":
    sys.exit(main())
