#!/usr/bin/env python3
"""Counts the results in Meson's own test reports (meson-logs/testlog.json).

    test_summary.py [--tail LINES] [LABEL=]REPORT...

A report holds one JSON object a line with "name" and "result". With a LABEL each name is written
`LABEL: name`, so that several runs of the same tests can be summed. Prints the failed tests, with
the last LINES of their output, and the skipped ones; then `N passed, N failed, N skipped`.
Exit status: 0 something ran and nothing failed, 1 otherwise.

    test_summary.py --ran [LABEL=]REPORT...

Prints the names of the tests that ran, one a line, in byte order.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}
# Whatever else Meson says (FAIL, ERROR, TIMEOUT, INTERRUPT, UNEXPECTEDPASS, a word to come) failed.


class Result(NamedTuple):
    name: str
    word: str
    output: str

    @property
    def passed(self) -> bool:
        return self.word in PASSED

    @property
    def skipped(self) -> bool:
        return self.word in SKIPPED

    @property
    def failed(self) -> bool:
        return not self.passed and not self.skipped


def read_report(argument: str) -> list[Result]:
    label, equals, path = argument.rpartition("=")
    prefix = f"{label}: " if equals else ""
    results = []
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            # Meson was killed while it wrote this line: nobody knows how the test ended.
            results.append(Result(prefix + "(half a line in the report)", "ERROR", line))
            continue
        # Meson writes "project:suite / test"; the test's own name is enough, and unique in ours.
        name = record["name"].partition(" / ")[2] or record["name"]
        output = record.get("stdout", "") + record.get("stderr", "")
        results.append(Result(prefix + name, record["result"], output))
    return results


def read_reports(arguments: list[str]) -> list[Result]:
    results = []
    for argument in arguments:
        try:
            results += read_report(argument)
        except FileNotFoundError:
            # Not fatal: the caller sums several runs, and the others still count.
            print(f"{argument}: no report, so no test of this run counts", file=sys.stderr)
    return results


def last_line_of(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1] if lines else ""


def print_failed(result: Result, tail: int) -> None:
    print(f"failed: {result.name} ({result.word})")
    for line in result.output.splitlines()[-tail:] if tail else []:
        print(f"    {line}")


def print_skipped(result: Result) -> None:
    # By our convention the last thing a skipped test says is the reason.
    reason = last_line_of(result.output)
    print(f"skipped: {result.name}" + (f" ({reason})" if reason else ""))


def summarise(results: list[Result], tail: int) -> bool:
    passed = [r for r in results if r.passed]
    failed = [r for r in results if r.failed]
    skipped = [r for r in results if r.skipped]
    for result in failed:
        print_failed(result, tail)
    for result in skipped:
        print_skipped(result)
    if not passed and not failed:
        print("no test ran")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return bool(passed) and not failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tail", type=int, default=0, metavar="LINES")
    parser.add_argument("--ran", action="store_true")
    parser.add_argument("reports", nargs="+", metavar="[LABEL=]REPORT")
    options = parser.parse_args()

    results = read_reports(options.reports)
    if options.ran:
        # Surrogates never occur (see errors="replace"), so code point order is UTF-8 byte order.
        for name in sorted({r.name for r in results if not r.skipped}):
            print(name)
        return 0
    return 0 if summarise(results, options.tail) else 1


if __name__ == "__main__":
    sys.exit(main())
