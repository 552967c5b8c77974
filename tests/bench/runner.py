"""What trees.py, archives.py and transactions.py have in common: the command line, the table, the machine."""

import argparse
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from bench import Bench
from measure import CommandFailed, Conditions, Contender, Result, race, run_once, say

HEAD = """\
| job | corpus | ours | s | peer | s | ratio | at most | met |
|---|---|---|--:|---|--:|--:|--:|---|"""


@dataclass
class Comparison:
    job: str
    corpus: str
    ours: Contender
    # Each with the most that ours may take of its time; None is only shown.
    peers: list[tuple[Contender, float | None]]


@dataclass
class SizeComparison:
    """Of the files that are written; both have been."""

    job: str
    corpus: str
    ours: str
    file: Path
    peer: str
    peer_file: Path
    limit: float


@dataclass
class MemoryJob:
    job: str
    corpus: str
    ours: Contender
    limit_bytes: int = 300_000_000


@dataclass
class TimeJob:
    """Of ours alone, by the clock."""

    job: str
    corpus: str
    ours: Contender
    limit_seconds: float
    times: int = 1  # as many runs as others have; what is short wants more


Job = Comparison | SizeComparison | MemoryJob | TimeJob


@dataclass
class Suite:
    name: str
    description: str
    tool: str  # the program that is measured
    jobs: dict[str, Callable[[Bench], Iterator[Job]]]
    corpora: list[str]
    peers: list[str]  # programs whose versions are told


def record_of(job: Comparison | MemoryJob | TimeJob, result: Result) -> dict:
    return {"job": job.job, "corpus": job.corpus, "ours": job.ours.name, "median": result.median,
            "seconds": result.seconds, "processor_seconds": result.processor_seconds,
            "peak_bytes": result.peak_bytes}


def measure_comparison(comparison: Comparison, conditions: Conditions) -> list[dict]:
    peers = [peer for peer, _ in comparison.peers]
    ours, *theirs = race([comparison.ours, *peers], conditions)
    return [{**record_of(comparison, ours), "peer": peer.name, "peer_median": result.median,
             "peer_seconds": result.seconds, "peer_processor_seconds": result.processor_seconds,
             "ratio": ours.median / result.median, "limit": limit}
            for (peer, limit), result in zip(comparison.peers, theirs)]


def measure_memory(job: MemoryJob, conditions: Conditions) -> dict:
    result = Result()
    run_once(job.ours, result, conditions)
    return {**record_of(job, result), "limit_bytes": job.limit_bytes}


def measure_time(job: TimeJob, conditions: Conditions) -> dict:
    [result] = race([job.ours], replace(conditions, runs=conditions.runs * job.times))
    return {**record_of(job, result), "limit_seconds": job.limit_seconds}


def measure_sizes(job: SizeComparison) -> dict:
    ours, peer = job.file.stat().st_size, job.peer_file.stat().st_size
    return {"job": job.job, "corpus": job.corpus, "ours": job.ours, "bytes": ours, "peer": job.peer,
            "peer_bytes": peer, "ratio": ours / peer, "limit": job.limit}


def measure(job: Job, conditions: Conditions) -> list[dict]:
    say(f"{job.job}: {job.corpus}")
    if isinstance(job, MemoryJob):
        return [measure_memory(job, conditions)]
    if isinstance(job, TimeJob):
        return [measure_time(job, conditions)]
    if isinstance(job, SizeComparison):
        return [measure_sizes(job)]
    return measure_comparison(job, conditions)


def verdict(value: float, limit: float | None) -> str:
    if limit is None:
        return ""
    return "yes" if value <= limit else "**no**"


def show_bytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


def line_of(record: dict) -> str:
    ours = [record["job"], record["corpus"], record["ours"]]
    if "limit_bytes" in record:
        peak, limit = record["peak_bytes"], record["limit_bytes"]
        cells = [*ours, f"{record['median']:.3f}", "", "", show_bytes(peak), show_bytes(limit), verdict(peak, limit)]
        return f"| {' | '.join(cells)} |"
    if "limit_seconds" in record:
        median, limit = record["median"], record["limit_seconds"]
        return f"| {' | '.join([*ours, f'{median:.3f}', '', '', '', f'{limit} s', verdict(median, limit)])} |"
    limit = record["limit"]
    shown_limit = "" if limit is None else f"{limit} x"
    if "bytes" in record:
        values = show_bytes(record["bytes"]), show_bytes(record["peer_bytes"])
    else:
        values = f"{record['median']:.3f}", f"{record['peer_median']:.3f}"
    cells = [*ours, values[0], record["peer"], values[1], f"{record['ratio']:.2f} x", shown_limit,
             verdict(record["ratio"], limit)]
    return f"| {' | '.join(cells)} |"


def measure_jobs(suite: Suite, names: list[str], bench: Bench, conditions: Conditions, records: list[dict]) -> None:
    print(HEAD, flush=True)
    for name in names:
        for job in suite.jobs[name](bench):
            new = measure(job, conditions)
            records.extend(new)
            print("\n".join(map(line_of, new)), flush=True)


def machine(scratch: Path, peers: list[str]) -> str:
    """What the numbers depend on, without the machine's name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    kernel = platform.release().split("-")[0]
    file_system = line_said_by("df", "--output=fstype", str(scratch), line=1)
    versions = [line_said_by(tool, "--version") for tool in peers]
    return (f"{os.cpu_count()} processors ({processor[1] if processor else platform.machine()}), "
            f"{memory:.0f} GiB, Linux {kernel}, {file_system}, {', '.join(versions)}; "
            f"load at the start {os.getloadavg()[0]:.1f}")


def line_said_by(*command: str, line: int = 0) -> str:
    return " ".join(subprocess.check_output(command, text=True).splitlines()[line].split())


def options_of(suite: Suite) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=suite.description,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tool", required=True, help=f"the program {suite.tool}")
    options.add_argument("--corpora", type=Path, required=True, help="the directory that corpora.sh made")
    options.add_argument("--only", action="append", choices=[*suite.jobs], help="repeatable")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--ahead", action="store_true",
                         help="what is timed runs ahead of other work on the machine (as root)")
    options.add_argument("--scratch", type=Path, help="on the same file system; in DIR unless given")
    options.add_argument("--json", type=Path, help="all that was measured")
    return options


@contextmanager
def scratch_in(place: Path) -> Iterator[Path]:
    scratch = Path(mkdtemp(prefix="scratch-", dir=place))
    try:
        yield scratch
    finally:
        say("removing what was made")
        subprocess.run(["rm", "-rf", scratch], check=True)  # millions of files, for which Python takes long


More = Callable[[argparse.Namespace, Bench], list[dict]]


def measure_suite(suite: Suite, chosen: argparse.Namespace, more: More) -> None:
    records: list[dict] = []
    with scratch_in((chosen.scratch or chosen.corpora).resolve()) as scratch:
        bench = Bench(os.path.realpath(chosen.tool), chosen.corpora.resolve(), scratch)
        print(machine(scratch, suite.peers) + "\n", flush=True)
        try:
            measure_jobs(suite, chosen.only or [*suite.jobs], bench,
                         Conditions(chosen.runs, scratch, chosen.ahead), records)
            records.extend(more(chosen, bench))
        finally:
            if chosen.json:
                chosen.json.write_text(json.dumps(records, indent=2) + "\n")


def run(suite: Suite, options: argparse.ArgumentParser, more: More = lambda chosen, bench: []) -> int:
    """`more` measures what is no race."""
    chosen = options.parse_args()
    if not all((chosen.corpora / name).is_dir() for name in suite.corpora):
        say(f"{suite.name}: make the trees first: {Path(__file__).parent}/corpora.sh {chosen.corpora}")
        return 1
    try:
        measure_suite(suite, chosen, more)
    except CommandFailed as failure:
        say(f"{suite.name}: {failure}")
        return 1
    return 0
