"""The jobs that transactions.py measures: the state they start from, who does them, and how they may compare."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import Bench, rsync
from files import EARLY
from measure import Command, Contender, execute
from runner import Comparison, TimeJob

CORPORA = ["code"]


def bake(bench: Bench, *words: object) -> None:
    program = Path(bench.tool).parents[1] / "bake/bake"  # of the same build
    execute([str(program), *map(str, words)])


def write_early(path: Path, content: str, mode: int = 0o644) -> None:
    """With the time that all files of the corpus have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    os.utime(path, (EARLY, EARLY))


def describe(source: Path) -> None:
    """A project whose only buildpack does nothing: a release of it has no process."""
    write_early(source / "bake.yaml", "name: bench\nversion: 0\nbuildpacks: [./packs/nothing]\n")
    pack = source / "packs/nothing"
    write_early(pack / "buildpack.toml", 'api = "0.12"\n[buildpack]\nid = "bench/nothing"\nversion = "1"\n')
    for program in ["detect", "build"]:
        write_early(pack / "bin" / program, "#!/bin/sh\n", 0o755)


def change_one_line(source: Path) -> None:
    file = sorted(source.glob("*/*/*.src"))[0]
    lines = file.read_text().splitlines(keepends=True)
    lines[len(lines) // 2] = "this line is another one\n"
    file.write_text("".join(lines))


@dataclass
class Releases:
    """Two, with one line between them; neither has a process, a hook or data."""

    key: Path
    archives: tuple[Path, Path]


def make_releases(bench: Bench) -> Releases:
    key, staging = bench.scratch / "key", bench.scratch / "staging"
    archives = (staging / "releases/bench-1.tar.zst", staging / "releases/bench-2.tar.zst")
    if archives[1].exists():
        return Releases(key, archives)
    source = bench.copy("code", "source")
    describe(source)
    bake(bench, "key", "new", key, "--no-password")
    bake(bench, "init", "bench", "--root", staging, "--key", key)
    for version in [1, 2]:
        bake(bench, source, "--root", staging, "--as", version, "--sequence", version, "--no-apply")
        change_one_line(source)
    return Releases(key, archives)


@dataclass
class Node:
    """A root that trusts the key of the releases."""

    bench: Bench
    path: Path
    archives: tuple[Path, Path]

    def command(self, verb: str, *arguments: object) -> Command:
        return self.bench.ours(verb, *arguments, "--root", self.path)

    def apply(self, version: int) -> Command:
        return self.command("apply", self.archives[version - 1], "--allow-downgrade")

    def forget_old_runs(self) -> None:
        self.bench.put_away(*self.path.glob("archives/*/run"))


def make_node(bench: Bench, name: str, serving: int) -> Node:
    """With that release in service."""
    releases = make_releases(bench)
    node = Node(bench, bench.nothing_at(name), releases.archives)
    execute(node.command("init", "bench"))
    execute(node.command("trust", "add", f"{releases.key}.pub"))
    execute(node.apply(serving))
    return node


def untar(archive: Path, to: Path) -> list[Command]:
    return [["mkdir", str(to)], ["tar", "--zstd", "-C", str(to), "-xf", str(archive)]]


def one_line(bench: Bench) -> Iterator[Comparison]:
    node = make_node(bench, "node", serving=1)
    before, live, fresh = (bench.nothing_at(name) for name in ["before", "live", "fresh"])
    for command in [*untar(node.archives[0], before), ["cp", "-a", str(before), str(live)]]:
        execute(command)

    def begin() -> None:
        bench.put_away(fresh)
        execute(rsync("-a", "--delete", source=before, to=live))

    def begin_copies() -> None:
        bench.put_away(fresh, live)

    by_hand = [*untar(node.archives[1], fresh), rsync("-a", "--delete", source=fresh, to=live),
               # As ours does, the one file system: what others write elsewhere is none of its business.
               ["sync", "-f", str(live)]]
    peer = Contender("`tar --zstd -x`, `rsync -a --delete`, `sync -f`", by_hand, begin)
    # What ours makes, without knowing what it is: one tree of links, one of copies.
    copying = [["cp", "-al", str(before), str(fresh)], ["cp", "-a", str(before), str(live)],
               ["sync", "-f", str(live)]]
    least = Contender("`cp -al`, `cp -a`, `sync -f`", copying, begin_copies)
    ours = Contender("`release apply`", [node.apply(2)], lambda: execute(node.apply(1)))
    yield Comparison("one line of 20,000 files", "code", ours, [(peer, 0.35), (least, None)])


def nothing_to_do(bench: Bench) -> Iterator[Comparison]:
    node = make_node(bench, "node", serving=2)
    deploy, run = bench.pair("code")
    peer = Contender("`rsync -a --delete`", [rsync("-a", "--delete", source=deploy, to=run)])
    again = Contender("`release apply`", [node.apply(2)])
    yield Comparison("nothing to do", "code", again, [(peer, 0.6)])
    # What cannot be left out: the archive's head, and a look at all of run/.
    look = Contender("`release plan`", [node.command("plan", node.archives[1])])
    yield Comparison("nothing to do", "code", look, [(peer, None)])


def rolling_back(bench: Bench) -> Iterator[TimeJob]:
    node = make_node(bench, "node", serving=1)

    def begin() -> None:
        execute(node.apply(2))

    def begin_without_old_run() -> None:
        begin()
        node.forget_old_runs()

    command = node.command("rollback")
    yield TimeJob("the old run kept", "code", Contender("`release rollback`", [command], begin), 0.2)
    rebuilt = Contender("`release rollback`", [command], begin_without_old_run)
    yield TimeJob("the old run gone", "code", rebuilt, 0.7)


def status(bench: Bench) -> Iterator[TimeJob]:
    node = make_node(bench, "node", serving=1)
    yield TimeJob("status", "code", Contender("`release status`", [node.command("status")]), 0.03, times=5)


JOBS = {
    "one-line": one_line,
    "nothing": nothing_to_do,
    "rollback": rolling_back,
    "status": status,
}
