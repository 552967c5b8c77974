#!/usr/bin/env python3
"""Archives against tar and zstd, on the corpora that corpora.sh makes; docs/benchmarks.md says how to read it.

    archives.py --tool build/tests/support/archive_tool --corpora DIR [--only JOB]... [--runs 5]

Ours and the peers run in turn, both warm, each a whole process; the table has medians. Nothing is
asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import sys

import archive_jobs
import runner


def main() -> int:
    suite = runner.Suite("archives.py", __doc__, "archive_tool", archive_jobs.JOBS, archive_jobs.CORPORA,
                         ["tar", "zstd"])
    return runner.run(suite, runner.options_of(suite))


if __name__ == "__main__":
    sys.exit(main())
