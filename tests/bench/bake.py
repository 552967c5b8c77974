#!/usr/bin/env python3
"""What a bake costs beside its buildpacks' own work, on the corpus `node`; docs/benchmarks.md says how to read it.

    bake.py --tool build/src/cli/bake/bake --corpora DIR [--only JOB]... [--runs 5]

Ours and the peers run in turn, both warm, each a whole process; the table has medians. Nothing is
asserted: the exit status tells whether everything ran, never whether it was fast.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import runner
from archive_jobs import shell
from bench import Bench
from measure import Command, Contender, execute
from runner import Comparison
from transaction_jobs import describe

CORPORA = ["node-v1"]
PEER_OF_PACKING = "`tar \\| zstd -T0 -9`"


@dataclass
class Workplace:
    """The corpus as a project whose only buildpack does nothing: all that a bake takes is our own."""

    bench: Bench
    source: Path
    key: Path

    def bake(self, root: Path, *options: object) -> Command:
        words = [self.source, "--root", root, "--as", "1", "--key", self.key, *options]
        return [self.bench.tool, *map(str, words)]

    def release(self, verb: str, root: Path, *words: object) -> Command:
        program = Path(self.bench.tool).parents[1] / "release/release"  # of the same build
        return [str(program), verb, *map(str, words), "--root", str(root)]

    def tar(self) -> Command:
        return shell(f"tar -C '{self.source}' -cf - . | zstd -q -f -T0 -9 -o '{self.bench.scratch / 'peer.tar.zst'}'")

    def fresh_staging(self, name: str) -> Path:
        root = self.bench.nothing_at(name)
        execute(self.bench.ours("init", "bench", "--root", root, "--key", self.key))
        return root

    def fresh_node(self, name: str) -> Path:
        root = self.bench.nothing_at(name)
        execute(self.release("init", root, "bench"))
        execute(self.release("trust", root, "add", f"{self.key}.pub"))
        return root

    def archive(self, sequence: int) -> Path:
        """Of the same files; the sequence alone makes it another release."""
        staging = self.bench.scratch / f"archive-{sequence}"
        if not staging.exists():
            self.fresh_staging(staging.name)
            execute(self.bake(staging, "--no-apply", "--sequence", sequence))
        return staging / "releases/bench-1.tar.zst"


def make_workplace(bench: Bench) -> Workplace:
    source, key = bench.scratch / "source", bench.scratch / "key"
    if not key.exists():
        bench.copy("node-v1", source.name)
        describe(source)
        # Packages carry keys for their own tests.
        with open(source / "bake.yaml", "a", encoding="utf-8") as file:
            file.write("secrets: {allow: [/node_modules]}\n")
        execute(bench.ours("key", "new", key, "--no-password"))
    return Workplace(bench, source, key)


def packing_only(bench: Bench) -> Iterator[Comparison]:
    place = make_workplace(bench)
    staging = bench.scratch / "staging"

    def begin() -> None:
        place.fresh_staging(staging.name)

    ours = Contender("`bake --no-apply`", [place.bake(staging, "--no-apply")], begin)
    yield Comparison("bake, nothing applied", "node-v1", ours, [(Contender(PEER_OF_PACKING, [place.tar()]), 1.0)])


def first_bake(bench: Bench) -> Iterator[Comparison]:
    place = make_workplace(bench)
    staging, node = bench.scratch / "staging", bench.scratch / "node"

    def begin() -> None:
        place.fresh_staging(staging.name)

    def begin_peer() -> None:
        place.fresh_node(node.name)

    peer = Contender(f"{PEER_OF_PACKING}, `release apply`",
                     [place.tar(), place.release("apply", node, place.archive(1))], begin_peer)
    yield Comparison("the first bake of a root", "node-v1", Contender("`bake`", [place.bake(staging)], begin),
                     [(peer, 1.0)])


def next_bake(bench: Bench) -> Iterator[Comparison]:
    """As it is every day: the release before serves, and the tree of the bake before is in the way."""
    place = make_workplace(bench)
    staging, node = place.fresh_staging("staging"), place.fresh_node("node")
    execute(place.bake(staging))
    ours = Contender("`bake`", [place.bake(staging)])

    def serve_another() -> None:
        execute(place.release("apply", node, place.archive(1), "--allow-downgrade"))

    peer = Contender(f"{PEER_OF_PACKING}, `release apply`",
                     [place.tar(), place.release("apply", node, place.archive(2))], serve_another)
    yield Comparison("the next bake", "node-v1", ours, [(peer, 1.0)])


JOBS = {"pack": packing_only, "first": first_bake, "next": next_bake}


def main() -> int:
    suite = runner.Suite("bake.py", __doc__, "bake, with release of the same build beside it", JOBS, CORPORA,
                         ["tar", "zstd"])
    return runner.run(suite, runner.options_of(suite))


if __name__ == "__main__":
    sys.exit(main())
