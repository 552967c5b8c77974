#!/usr/bin/env python3
"""Makes and settles the trees of corpora.sh; the same call always makes the same files.

    files.py tiny|big|million|code TO   into the directory TO, which exists and is empty
    files.py settle TREE [EARLIER]   gives every file a fixed time: one for all, and a later one for
                                     those that EARLIER has not or has otherwise
"""

import filecmp
import math
import os
import random
import sys
from itertools import accumulate
from pathlib import Path

EARLY = 1_700_000_000  # seconds
LATE = EARLY + 86_400


def write(path: str, content: bytes) -> None:
    with open(path, "xb", buffering=0) as file:
        file.write(content)


def make_tiny(to: Path) -> None:
    """40 directories with 49 in each, 50 files in every one of these 2,000."""
    source = random.Random("tiny")
    for group in range(40):
        for place in [f"{group:02}", *(f"{group:02}/{i:02}" for i in range(49))]:
            directory = to / place
            directory.mkdir()
            for i in range(50):
                write(f"{directory}/file-{i:02}", source.randbytes(source.randint(1024, 4096)))


def make_big(to: Path) -> None:
    source = random.Random("big")
    for i in range(3):
        with open(to / f"large-{i}", "xb", buffering=0) as file:
            for _ in range(1000):
                file.write(source.randbytes(1_000_000))


def make_million(to: Path) -> None:
    for group in range(50):
        (to / f"{group:02}").mkdir()
        for i in range(100):
            directory = f"{to}/{group:02}/{i:02}"
            os.mkdir(directory)
            for j in range(200):
                write(f"{directory}/{j:03}", b"" if j % 10 else b"%d %d %d\n" % (group, i, j))


def make_code(to: Path) -> None:
    """20,000 files in 30 directories with 49 in each: a few common words and many rare ones, half of the files
    below 3 KB."""
    source = random.Random("code")
    letters = "etaoinshrdlucmfwypvbgkjqxz_"
    words = ["".join(source.choices(letters, k=source.randint(2, 12))) for _ in range(5000)]
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(words))))
    directories = [f"{to}/{place}" for group in range(30)
                   for place in [f"{group:02}", *(f"{group:02}/{i:02}" for i in range(49))]]
    for directory in directories:
        os.mkdir(directory)
    for i in range(20_000):
        size = min(max(int(source.lognormvariate(math.log(3000), 1)), 100), 20_000)
        chosen = source.choices(words, cum_weights=weights, k=size // 5 + 8)
        lines = [" ".join(chosen[at:at + 8]) for at in range(0, len(chosen), 8)]
        content = "\n".join(lines).encode()[:size - 1] + b"\n"
        write(f"{directories[i % len(directories)]}/part-{i:05}.src", content)


def is_same(path: Path, other: Path) -> bool:
    """Whether `other` may have the time of `path`. Directories and links may."""
    if path.is_symlink() or path.is_dir():
        return True
    return other.is_file() and not other.is_symlink() and filecmp.cmp(path, other, shallow=False)


def settle(tree: Path, earlier: Path | None = None) -> None:
    # From the leaves, because a directory's time changes with what is in it.
    for directory, _, files in os.walk(tree, topdown=False):
        links = [entry.name for entry in os.scandir(directory) if entry.is_symlink()]
        for path in [Path(directory, name) for name in {*files, *links}] + [Path(directory)]:
            known = earlier is None or is_same(path, earlier / path.relative_to(tree))
            time = EARLY if known else LATE
            os.utime(path, (time, time), follow_symlinks=False)


def main(arguments: list[str]) -> int:
    makers = {"tiny": make_tiny, "big": make_big, "million": make_million, "code": make_code, "settle": settle}
    if len(arguments) < 2 or arguments[0] not in makers:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    makers[arguments[0]](*map(Path, arguments[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
