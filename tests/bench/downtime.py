"""How long processes are down for the engine's own sake: from the end of `stop` to the beginning of `start`, where no
dump, no data and no hook has anything to do."""

import json
import os
import re
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import Bench
from measure import Command, CommandFailed, Conditions, ahead_of_others, execute
from runner import verdict
from transaction_jobs import Node, make_node

FAST_SYNC = 0.0001  # seconds, of the disk that the limit is meant for
MOST_SECONDS = 0.02
MOST_SYNCS = 4

HEAD = """\
| from the end of `stop` to the beginning of `start` | | at most | met |
|---|--:|--:|---|"""


@dataclass
class Downtime:
    one_sync: float  # seconds that one takes on this disk
    seconds: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # the fsync-like ones, with what they were given
    sync_seconds: float = 0  # of those calls
    traced_seconds: float = 0  # of the run that they were counted in

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def on_fast_disk(self) -> float:
        return self.traced_seconds - self.sync_seconds + len(self.calls) * FAST_SYNC


def measure_sync(place: Path) -> float:
    """As the journal does: a short record at the end of a file, then `fdatasync`."""
    seconds = []
    with open(place / "record", "ab", buffering=0) as file:
        for _ in range(100):
            file.write(b"x" * 100)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def is_event(line: str, kind: str, phase: str) -> bool:
    event = json.loads(line)
    return event.get("event") == kind and event.get("phase") == phase


def time_once(command: Command) -> float:
    """By when its events arrive. The records of the journal at both ends are not within."""
    process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True, bufsize=1)
    stopped = started = 0.0
    for line in process.stdout:
        now = time.perf_counter()
        if is_event(line, "phase-done", "stop"):
            stopped = now
        elif is_event(line, "phase-started", "start"):
            started = now
    if process.wait() != 0:
        raise CommandFailed(f"{command}: ended with {process.returncode}")
    return started - stopped


# strace -ttt -T: process, time, call, arguments, result, duration.
TRACED = re.compile(r"^\d+ +(\d+\.\d+) (\w+)\((.*)\) += .*<(\d+\.\d+)>$")


@dataclass
class Call:
    at: float
    name: str
    given: str
    seconds: float


def trace(command: Command, log: Path) -> list[Call]:
    execute(["strace", "-f", "--seccomp-bpf", "-y", "-s", "400", "-ttt", "-T", "-o", str(log), "-e",
             "trace=write,fsync,fdatasync,syncfs", *command, "--json"])
    found = (TRACED.match(line) for line in log.read_text().splitlines())
    return [Call(float(line[1]), line[2], line[3], float(line[4])) for line in found if line]


def record_in(calls: list[Call], record: str, step: str) -> int:
    """Where the journal is given that record; the next call makes it durable."""
    words = "/journal>", rf'\"record\":\"{record}\",\"step\":\"{step}\"'
    return next(i for i, call in enumerate(calls) if call.name == "write" and all(word in call.given for word in words))


def count_syncs(downtime: Downtime, calls: list[Call]) -> None:
    """From the record that `stop` is done to the record that `start` begins, both with their own."""
    first = record_in(calls, "done", "stop")
    last = record_in(calls, "begin", "start") + 1
    syncs = [call for call in calls[first:last + 1] if call.name != "write"]
    downtime.calls = [f"{call.name} {Path(call.given.split('<')[-1].rstrip('>')).name}" for call in syncs]
    downtime.sync_seconds = sum(call.seconds for call in syncs)
    downtime.traced_seconds = calls[last].at + calls[last].seconds - calls[first].at


def measure_downtime(bench: Bench, conditions: Conditions) -> Downtime:
    node: Node = make_node(bench, "node", serving=1)
    with ahead_of_others(conditions.ahead):
        downtime = Downtime(measure_sync(bench.scratch))
    for turn in range(conditions.runs + 1):  # the first one only warms
        execute(["sync", "-f", str(conditions.place)])
        with ahead_of_others(conditions.ahead):
            seconds = time_once(node.apply(2 - turn % 2))
        if turn > 0:
            downtime.seconds.append(seconds)
    execute(node.apply(2))
    with ahead_of_others(conditions.ahead):
        calls = trace(node.apply(1), bench.nothing_at("trace"))
    count_syncs(downtime, calls)
    return downtime


def table(downtime: Downtime) -> str:
    count, fast, here = len(downtime.calls), downtime.on_fast_disk, downtime.one_sync
    return "\n".join([
        HEAD,
        f"| as measured, one `fdatasync` taking {here * 1e3:.2f} ms | {downtime.median * 1e3:.1f} ms | | |",
        f"| if each took {FAST_SYNC * 1e3} ms | {fast * 1e3:.1f} ms | {MOST_SECONDS * 1e3:.0f} ms | "
        f"{verdict(fast, MOST_SECONDS)} |",
        f"| calls that wait for the disk | {count} | {MOST_SYNCS} | {verdict(count, MOST_SYNCS)} |",
        "",
        "Those calls: " + ", ".join(downtime.calls)])
