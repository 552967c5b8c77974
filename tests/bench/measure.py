"""Runs commands against each other and takes their time."""

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Command = list[str]


class CommandFailed(Exception):
    pass


@dataclass
class Contender:
    name: str
    commands: list[Command]  # timed together, one after the other
    prepare: Callable[[], None] = lambda: None  # before every run, not timed
    accepted: int = 0  # the exit status of a run that went well


@dataclass
class Result:
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)  # of all processors together
    peak_bytes: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Usage:
    processor_seconds: float
    peak_bytes: int


def execute(command: Command, accepted: int = 0) -> Usage:
    """Runs it to its end."""
    with tempfile.TemporaryFile() as complaints, open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=complaints)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != accepted:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace")
            raise CommandFailed(f"{shlex.join(command)}: ended with {process.returncode}, not {accepted}\n"
                                f"{said}")
        return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@dataclass
class Conditions:
    runs: int
    place: Path  # on the file system that all of them write to
    ahead: bool  # of all other work on the machine


@contextmanager
def ahead_of_others(ahead: bool) -> Iterator[None]:
    """What is started within has the processors whenever it wants them; needs the right to that."""
    if ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
    try:
        yield
    finally:
        if ahead:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def run_once(contender: Contender, result: Result, conditions: Conditions) -> None:
    contender.prepare()
    # Nobody pays for what another has written and the disk has not.
    execute(["sync", "-f", str(conditions.place)])
    with ahead_of_others(conditions.ahead):
        start = time.monotonic()
        usages = [execute(command, contender.accepted) for command in contender.commands]
        result.seconds.append(time.monotonic() - start)
    result.processor_seconds.append(sum(usage.processor_seconds for usage in usages))
    result.peak_bytes = max(result.peak_bytes, *(usage.peak_bytes for usage in usages))


def race(contenders: list[Contender], conditions: Conditions) -> list[Result]:
    """Each in turn, after one round that only warms; every other round backwards."""
    for contender in contenders:
        run_once(contender, Result(), conditions)
    results = [Result() for _ in contenders]
    lanes = list(zip(contenders, results))
    for turn in range(conditions.runs):
        for contender, result in lanes if turn % 2 == 0 else reversed(lanes):
            run_once(contender, result, conditions)
    return results


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
