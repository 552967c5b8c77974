"""What somebody sees who reads run/ all the time while it is switched to another release, over and over.

A miss is a file that was not there. A mixture is two files of two releases that were opened through
one handle of the directory run/. The same is counted for both ways to switch that are one system
call, and for a synchronisation in place by rsync.
"""

import ctypes
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from pathlib import Path

from bench import rsync
from measure import Command, execute, say

# The first and the last file that a synchronisation in the order of names comes to.
NAMES = ["A-VERSION", "zz-VERSION"]

HEAD = """\
| run/ switched by | times | ms each | opens | misses | mixtures |
|---|--:|--:|--:|--:|--:|"""


@dataclass
class Seen:
    how: str
    switches: int
    seconds: float
    opens: int
    misses: int
    mixtures: int


class Counts(ctypes.Structure):
    _fields_ = [("opens", ctypes.c_long), ("misses", ctypes.c_long), ("mixtures", ctypes.c_long),
                ("ended", ctypes.c_long)]


def version_of(name: str, counts: Counts, directory: int | None = None) -> bytes | None:
    counts.opens += 1
    try:
        file = os.open(name, os.O_RDONLY, dir_fd=directory)
    except FileNotFoundError:
        counts.misses += 1
        return None
    try:
        return os.read(file, 100)
    finally:
        os.close(file)


def look_by_path(run: str, counts: Counts) -> None:
    # The switch may lie between the two, so they may differ.
    for name in NAMES:
        version_of(f"{run}/{name}", counts)


def look_by_handle(run: str, counts: Counts) -> None:
    try:
        directory = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        counts.misses += 1
        return
    first, last = (version_of(name, counts, directory) for name in NAMES)
    counts.mixtures += first != last
    os.close(directory)


def read_until_ended(run: str, shared: "ctypes.Array[Counts]") -> None:
    counts = shared[0]
    while not counts.ended:
        look_by_path(run, counts)
        look_by_handle(run, counts)


def watch(how: str, run: Path, switches: int, opens: int, switch: Callable[[int], list[Command]]) -> Seen:
    """Switches at least that often, and until at least that much was opened."""
    shared = RawArray(Counts, 1)
    reader = multiprocessing.get_context("fork").Process(target=read_until_ended, args=(str(run), shared))
    reader.start()
    seconds, done = 0.0, 0
    while done < switches or shared[0].opens < opens:
        start = time.monotonic()
        for command in switch(done):
            execute(command)
        seconds += time.monotonic() - start
        done += 1
        if not reader.is_alive():
            break
    shared[0].ended = 1
    reader.join()
    if reader.exitcode != 0:
        raise RuntimeError(f"{how}: the reader ended with {reader.exitcode}")
    return Seen(how, done, seconds, shared[0].opens, shared[0].misses, shared[0].mixtures)


def make_releases(corpora: Path, scratch: Path) -> Path:
    root = scratch / "switched"
    (root / "runs").mkdir(parents=True)
    for number in ["1", "2"]:
        release = root / "runs" / number
        execute(["cp", "-a", str(corpora / f"node-v{number}"), str(release)])
        for name in NAMES:
            # Of different length, so that rsync need not look at times.
            (release / name).write_text("release " + number * int(number))
    return root


def watch_all(tool: str, corpora: Path, scratch: Path, switches: int = 1000,
              opens: int = 2_000_000) -> list[Seen]:
    root = make_releases(corpora, scratch)
    run = root / "run"
    seen = []

    say("reader: switch-link")
    run.symlink_to("runs/1")
    seen.append(watch("`switch-link`", run, switches, opens,
                      lambda done: [[tool, "switch-link", str(root), "run", f"runs/{2 - done % 2}"]]))
    run.unlink()

    say("reader: switch")
    execute(["cp", "-a", str(root / "runs/1"), str(run)])
    execute(["cp", "-a", str(root / "runs/2"), str(root / "next")])
    seen.append(watch("`switch`", run, switches, opens,
                      lambda _: [[tool, "switch", str(root), "run", "next"]]))

    say("reader: rsync -a --delete")
    seen.append(watch("`rsync -a --delete`", run, min(switches, 10), 0,
                      lambda done: [rsync("-a", "--delete", source=root / f"runs/{1 + done % 2}", to=run)]))
    return seen


def table(all_seen: list[Seen]) -> str:
    lines = [HEAD]
    for seen in all_seen:
        each = f"{1000 * seen.seconds / seen.switches:.1f}"
        lines.append(f"| {seen.how} | {seen.switches:,} | {each} | {seen.opens:,} | {seen.misses:,} "
                     f"| {seen.mixtures:,} |")
    return "\n".join(lines)
