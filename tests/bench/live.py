#!/usr/bin/env python3
"""What visitors notice of releases that follow each other: requests lost with `overlap`, and how long a request waits
while the processes are started anew behind a held socket.

    tests/bench/live.py --programs build/src [--releases 10] [--ahead]

`wrk` asks the guest book, of which two processes run, without a pause; two of the releases fail. For the waits an
application that takes 50 ms to start is asked by two visitors, one request after the other. Nothing is asserted.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from measure import ahead_of_others
from runner import verdict

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/guestbook"
MOST_SECONDS = 0.15

# 50 ms after its process began it listens to nobody but its socket.
SLOW_STARTER = """\
import os, select, signal, socket, time

began = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
time.sleep(max(0, began + 0.05 - time.clock_gettime(time.CLOCK_BOOTTIME)))
listener = socket.socket(fileno=3)
listener.setblocking(False)
told, tell = os.pipe()
signal.signal(signal.SIGTERM, lambda *_: os.write(tell, b"x"))
while told not in (ready := select.select([listener, told], [], [])[0]):
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        continue
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nwell")
    connection.close()
"""


def free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


@dataclass
class Site:
    """A staging root and a production root; `node` is what node.yaml says of services and health."""

    programs: Path
    place: Path
    project: str
    node: str
    sequence: int = 0

    def __post_init__(self) -> None:
        self.place.mkdir()
        self.bake("key", "new", "key", "--no-password")
        self.bake("init", self.project, "--root", "staging", "--key", "key")
        self.release("init", self.project, "--root", "production")
        self.release("trust", "add", "key.pub", "--root", "production")
        (self.place / "production/node.yaml").write_text(self.node)

    def run(self, program: str, *words: str) -> int:
        command = [str(self.programs / "cli" / program / program), *words]
        return subprocess.run(command, cwd=self.place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).returncode

    def bake(self, *words: str) -> None:
        if self.run("bake", *words) != 0:
            sys.exit(f"bake {' '.join(words)} fails")

    def release(self, *words: str) -> None:
        if self.run("release", *words) != 0:
            sys.exit(f"release {' '.join(words)} fails")

    def archive(self, version: str) -> str:
        self.sequence += 1
        self.bake("./source", "--root", "staging", "--as", version, "--sequence", str(self.sequence), "--no-apply")
        return f"staging/releases/{self.project}-{version}.tar.zst"

    def apply(self, archive: str) -> bool:
        return self.run("release", "apply", archive, "--root", "production") == 0


def guestbook(programs: Path, place: Path, port: int) -> Site:
    site = Site(programs, place, "guestbook", f"""\
services: {{strategy: overlap}}
processes: {{web: {{port: null, socket: "127.0.0.1:{port}", count: 2}}}}
health: [{{http: /health, every: 50ms, within: 20s}}]
""")
    shutil.copytree(EXAMPLE, place / "source")
    return site


def write_hook(site: Site, phase: str | None) -> None:
    """One that fails; or none."""
    hook = site.place / "source/.bake/hooks/upgrade"
    hook.unlink(missing_ok=True)
    if phase is not None:
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)


def wrk_says(report: str, pattern: str) -> list[int]:
    found = re.search(pattern, report)
    return [int(number) for number in found.groups()] if found else []


def overlap_under_load(programs: Path, place: Path, releases: int, is_ahead: bool) -> None:
    port = free_port()
    site = guestbook(programs, place, port)
    archives = []
    for number in range(releases + 3):
        write_hook(site, "upgrade" if number in (4, 8) else None)
        (place / "source/VERSION").write_text(f"{number}.0.0\n")
        archives.append(site.archive(f"{number}.0.0"))
    site.apply(archives[0])
    try:
        wrk = subprocess.Popen(["wrk", "-t2", "-c8", "-d1h", "--timeout", "20s", "--latency",
                                f"http://127.0.0.1:{port}/version"], stdout=subprocess.PIPE, text=True)
        with ahead_of_others(is_ahead):
            went_well = sum(site.apply(archive) for archive in archives[1:])
        wrk.send_signal(signal.SIGINT)
        report = wrk.communicate()[0]
    finally:
        site.run("release", "stop", "--root", "production")
    asked = wrk_says(report, r"(\d+) requests in")
    errors = wrk_says(report, r"connect (\d+), read (\d+), write (\d+), timeout (\d+)")
    wrong = wrk_says(report, r"Non-2xx or 3xx responses: (\d+)")
    lost = sum(errors) + sum(wrong)
    print(f"| requests lost in {went_well} applies under load and {len(archives) - 1 - went_well} that fail, `overlap`; "
          f"of {asked[0]:,} | {lost} | 0 | {verdict(lost, 0)} |")
    if lost:
        print(report, file=sys.stderr)


class Visitor(threading.Thread):
    """Asks one request after the other; keeps when each began and how long it took."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.is_enough = False
        self.waits: list[tuple[float, float]] = []
        self.lost = 0

    def ask(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        return answer.endswith(b"well")

    def run(self) -> None:
        while not self.is_enough:
            began = time.perf_counter()
            try:
                self.lost += not self.ask()
            except OSError:
                self.lost += 1
            self.waits.append((began, time.perf_counter() - began))
            time.sleep(0.002)  # or the visitors alone would fill both processors


def slow_starter(programs: Path, place: Path, port: int) -> Site:
    site = Site(programs, place, "slow", f"""\
services: {{strategy: restart}}
processes: {{web: {{socket: "127.0.0.1:{port}"}}}}
health: [{{http: /, every: 50ms, within: 20s}}]
""")
    source = place / "source"
    source.mkdir()
    (source / "bake.yaml").write_text("name: slow\nversion: 0\n")
    (source / "Procfile").write_text("web: exec python3 -I -S server.py\n")
    (source / "server.py").write_text(SLOW_STARTER)
    return site


def waits_while_restarting(programs: Path, place: Path, releases: int, is_ahead: bool) -> None:
    port = free_port()
    site = slow_starter(programs, place, port)
    archives = []
    for number in range(releases + 1):
        (place / "source/page").write_text(f"{number}\n")
        archives.append(site.archive(str(number)))
    with ahead_of_others(is_ahead):  # and the supervisor with it
        site.apply(archives[0])
        visitors = [Visitor(port) for _ in range(2)]
        try:
            for visitor in visitors:
                visitor.start()
            longest = []
            for archive in archives[1:]:
                began = time.perf_counter()
                if not site.apply(archive):
                    sys.exit("an apply fails")
                waits = [wait for visitor in visitors for at, wait in visitor.waits if at >= began]
                longest.append(max(waits))
        finally:
            for visitor in visitors:
                visitor.is_enough = True
            for visitor in visitors:
                visitor.join()
            site.run("release", "stop", "--root", "production")
    lost = sum(visitor.lost for visitor in visitors)
    print(f"| requests refused meanwhile, held socket, `restart`, {releases} applies | {lost} | 0 | {verdict(lost, 0)} |")
    print(f"| longest wait of a request, median of {releases} applies | {statistics.median(longest) * 1e3:.0f} ms | "
          f"{MOST_SECONDS * 1e3:.0f} ms | {verdict(statistics.median(longest), MOST_SECONDS)} |")
    print(f"| longest wait of all | {max(longest) * 1e3:.0f} ms | {MOST_SECONDS * 1e3:.0f} ms | "
          f"{verdict(max(longest), MOST_SECONDS)} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--programs", type=Path, required=True, help="the folder of the built programs, build/src")
    options.add_argument("--releases", type=int, default=10)
    options.add_argument("--ahead", action="store_true", help="let what is measured run before everything else")
    options.add_argument("--only", choices=["overlap", "restart"])
    chosen = options.parse_args()
    programs = chosen.programs.resolve()
    print(f"load at the start {os.getloadavg()[0]:.1f}\n\n| what | measured | at most | met |\n|---|--:|--:|---|")
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.only != "restart":
            overlap_under_load(programs, Path(scratch) / "overlap", chosen.releases, chosen.ahead)
        if chosen.only != "overlap":
            waits_while_restarting(programs, Path(scratch) / "restart", chosen.releases, chosen.ahead)


if __name__ == "__main__":
    main()
