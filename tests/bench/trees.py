#!/usr/bin/env python3
"""Trees against rsync and cp, on the corpora that corpora.sh makes; docs/benchmarks.md says how to read it.

    trees.py --tool build/tests/support/tree_tool --corpora DIR [--only JOB]... [--runs 5]

Ours and the peers run in turn, both warm, each a whole process; the table has medians. Nothing is
asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import jobs
import reader
from bench import Bench
from measure import CommandFailed, Conditions, Result, race, run_once, say

HEAD = """\
| job | corpus | ours | s | peer | s | ratio | at most | met |
|---|---|---|--:|---|--:|--:|--:|---|"""


def record_of(job: jobs.Comparison | jobs.MemoryJob, result: Result) -> dict:
    return {"job": job.job, "corpus": job.corpus, "ours": job.ours.name, "median": result.median,
            "seconds": result.seconds, "processor_seconds": result.processor_seconds,
            "peak_bytes": result.peak_bytes}


def measure_comparison(comparison: jobs.Comparison, conditions: Conditions) -> list[dict]:
    say(f"{comparison.job}: {comparison.corpus}")
    peers = [peer for peer, _ in comparison.peers]
    ours, *theirs = race([comparison.ours, *peers], conditions)
    return [{**record_of(comparison, ours), "peer": peer.name, "peer_median": result.median,
             "peer_seconds": result.seconds, "peer_processor_seconds": result.processor_seconds,
             "ratio": ours.median / result.median, "limit": limit}
            for (peer, limit), result in zip(comparison.peers, theirs)]


def measure_memory(job: jobs.MemoryJob, conditions: Conditions) -> dict:
    say(f"{job.job}: {job.corpus}")
    result = Result()
    run_once(job.ours, result, conditions)
    return {**record_of(job, result), "limit_bytes": job.limit_bytes}


def verdict(value: float, limit: float | None) -> str:
    if limit is None:
        return ""
    return "yes" if value <= limit else "**no**"


def line_of(record: dict) -> str:
    ours = [record["job"], record["corpus"], record["ours"], f"{record['median']:.3f}"]
    if "limit_bytes" in record:
        peak, limit = record["peak_bytes"], record["limit_bytes"]
        cells = [*ours, "", "", f"{peak / 1e6:.0f} MB", f"{limit / 1e6:.0f} MB", verdict(peak, limit)]
    else:
        limit = record["limit"]
        shown_limit = "" if limit is None else f"{limit} x"
        cells = [*ours, record["peer"], f"{record['peer_median']:.3f}", f"{record['ratio']:.2f} x",
                 shown_limit, verdict(record["ratio"], limit)]
    return f"| {' | '.join(cells)} |"


def measure_jobs(names: list[str], bench: Bench, conditions: Conditions, records: list[dict]) -> None:
    print(HEAD, flush=True)
    for name in names:
        for job in jobs.JOBS[name](bench):
            if isinstance(job, jobs.MemoryJob):
                new = [measure_memory(job, conditions)]
            else:
                new = measure_comparison(job, conditions)
            records.extend(new)
            print("\n".join(map(line_of, new)), flush=True)


def machine(scratch: Path) -> str:
    """What the numbers depend on, without the machine's name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    kernel = platform.release().split("-")[0]
    file_system = line_said_by("df", "--output=fstype", str(scratch), line=1)
    versions = [line_said_by(tool, "--version") for tool in ["rsync", "cp"]]
    return (f"{os.cpu_count()} processors ({processor[1] if processor else platform.machine()}), "
            f"{memory:.0f} GiB, Linux {kernel}, {file_system}, {', '.join(versions)}; "
            f"load at the start {os.getloadavg()[0]:.1f}")


def line_said_by(*command: str, line: int = 0) -> str:
    return " ".join(subprocess.check_output(command, text=True).splitlines()[line].split())


def parse_arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tool", required=True, help="the program tree_tool")
    options.add_argument("--corpora", type=Path, required=True, help="the directory that corpora.sh made")
    options.add_argument("--only", action="append", choices=[*jobs.JOBS, "reader"], help="repeatable")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--ahead", action="store_true",
                         help="what is timed runs ahead of other work on the machine (as root)")
    options.add_argument("--scratch", type=Path, help="on the same file system; in DIR unless given")
    options.add_argument("--switches", type=int, default=1000, help="that the reader sees")
    options.add_argument("--json", type=Path, help="all that was measured")
    return options.parse_args()


def measure_all(names: list[str], chosen: argparse.Namespace, scratch: Path, records: list[dict]) -> None:
    bench = Bench(os.path.realpath(chosen.tool), chosen.corpora.resolve(), scratch)
    print(machine(scratch) + "\n", flush=True)
    measured = [name for name in names if name != "reader"]
    measure_jobs(measured, bench, Conditions(chosen.runs, scratch, chosen.ahead), records)
    if "reader" in names:
        seen = reader.watch_all(bench.tool, bench.corpora, scratch, chosen.switches)
        records.extend(vars(each) for each in seen)
        print("\n" + reader.table(seen))


def run_all(names: list[str], chosen: argparse.Namespace, scratch: Path) -> None:
    records: list[dict] = []
    try:
        measure_all(names, chosen, scratch, records)
    finally:
        if chosen.json:
            chosen.json.write_text(json.dumps(records, indent=2) + "\n")


@contextmanager
def scratch_in(place: Path) -> Iterator[Path]:
    scratch = Path(mkdtemp(prefix="scratch-", dir=place))
    try:
        yield scratch
    finally:
        say("removing what was made")
        subprocess.run(["rm", "-rf", scratch], check=True)  # millions of files, for which Python takes long


def main() -> int:
    chosen = parse_arguments()
    if not all((chosen.corpora / name).is_dir() for name in jobs.CORPORA):
        say(f"trees.py: make the trees first: {Path(__file__).parent}/corpora.sh {chosen.corpora}")
        return 1
    names = chosen.only or [*jobs.JOBS, "reader"]
    try:
        with scratch_in((chosen.scratch or chosen.corpora).resolve()) as scratch:
            run_all(names, chosen, scratch)
    except CommandFailed as failure:
        say(f"trees.py: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
