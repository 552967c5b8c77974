#!/usr/bin/env python3
"""The transaction against tar and rsync by hand, on the corpus `code`; docs/benchmarks.md says how to read it.

    transactions.py --tool build/src/cli/release/release --corpora DIR [--only JOB]... [--runs 5]

Ours and the peers run in turn, both warm, each a whole process; the table has medians. Nothing is
asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import argparse
import sys

import downtime
import runner
import transaction_jobs
from bench import Bench
from measure import Conditions, say


def watch_downtime(chosen: argparse.Namespace, bench: Bench) -> list[dict]:
    if chosen.only and not chosen.downtime:
        return []
    say("from stop to start")
    found = downtime.measure_downtime(bench, Conditions(chosen.runs, bench.scratch, chosen.ahead))
    print("\n" + downtime.table(found))
    return [vars(found)]


def main() -> int:
    suite = runner.Suite("transactions.py", __doc__, "release, with bake of the same build beside it",
                         transaction_jobs.JOBS, transaction_jobs.CORPORA, ["tar", "rsync", "zstd"])
    options = runner.options_of(suite)
    options.add_argument("--downtime", action="store_true", help="with --only: also from stop to start")
    return runner.run(suite, options, watch_downtime)


if __name__ == "__main__":
    sys.exit(main())
