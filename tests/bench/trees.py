#!/usr/bin/env python3
"""Trees against rsync and cp, on the corpora that corpora.sh makes; docs/benchmarks.md says how to read it.

    trees.py --tool build/tests/support/tree_tool --corpora DIR [--only JOB]... [--runs 5]

Ours and the peers run in turn, both warm, each a whole process; the table has medians. Nothing is
asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import argparse
import sys

import reader
import runner
import tree_jobs
from bench import Bench


def watch_readers(chosen: argparse.Namespace, bench: Bench) -> list[dict]:
    if chosen.only and not chosen.reader:
        return []
    seen = reader.watch_all(bench.tool, bench.corpora, bench.scratch, chosen.switches)
    print("\n" + reader.table(seen))
    return [vars(each) for each in seen]


def main() -> int:
    suite = runner.Suite("trees.py", __doc__, "tree_tool", tree_jobs.JOBS, tree_jobs.CORPORA, ["rsync", "cp"])
    options = runner.options_of(suite)
    options.add_argument("--reader", action="store_true", help="with --only: also what a reader sees of switches")
    options.add_argument("--switches", type=int, default=1000, help="that the reader sees")
    return runner.run(suite, options, watch_readers)


if __name__ == "__main__":
    sys.exit(main())
