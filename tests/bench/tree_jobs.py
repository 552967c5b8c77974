"""The jobs that trees.py measures: the state they start from, who does them, and how they may compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import Bench, links, rsync, walk
from measure import Command, Contender, execute
from runner import Comparison, MemoryJob


def unchanged(bench: Bench) -> Iterator[Comparison]:
    for corpus in ["node-v1", "tiny", "big"]:
        deploy, run = bench.pair(corpus)
        manifest, index = bench.manifest(deploy, "manifest"), bench.nothing_at("index")
        bench.learn(index, deploy, run)
        peer = Contender("`rsync -a --delete`", [rsync("-a", "--delete", source=deploy, to=run)])
        trees = Contender("`compare-trees`", [bench.ours("compare-trees", deploy, run, "--index", index)])
        yield Comparison("nothing changed", corpus, trees, [(peer, 0.25), (walk(deploy, run), None)])
        drift = Contender("`compare`", [bench.ours("compare", manifest, run, "--index", index)])
        yield Comparison("nothing changed", corpus, drift, [(peer, 0.25), (walk(run), None)])


def hashed(bench: Bench) -> Iterator[Comparison]:
    for corpus in ["node-v1", "tiny", "big"]:
        deploy, run = bench.pair(corpus)
        manifest = bench.manifest(deploy, "manifest")
        peer = Contender("`rsync -ac --delete`", [rsync("-ac", "--delete", source=deploy, to=run)])
        trees = Contender("`compare-trees`", [bench.ours("compare-trees", deploy, run)])
        yield Comparison("nothing changed, all hashed again", corpus, trees, [(peer, 0.6)])
        drift = Contender("`compare`", [bench.ours("compare", manifest, run)])
        yield Comparison("nothing changed, all hashed again", corpus, drift, [(peer, 0.6)])


def first_snapshot(bench: Bench) -> Iterator[Comparison]:
    for corpus in ["node-v1", "tiny", "big"]:
        tree, to, manifest = bench.corpora / corpus, bench.nothing_at("snapshot"), bench.nothing_at("manifest")

        def begin() -> None:
            bench.put_away(to, manifest)

        ours = Contender("`snapshot`", [bench.ours("snapshot", tree, to, "--manifest", manifest)], begin)
        with_rsync = Contender("`rsync -a`", [rsync("-a", source=tree, to=to)], begin)
        with_cp = Contender("`cp -a`", [["cp", "-a", str(tree), str(to)]], begin)
        yield Comparison("first snapshot", corpus, ours, [(with_rsync, 0.7), (with_cp, 1.1)])


def incremental_snapshot(bench: Bench) -> Iterator[Comparison]:
    tree, earlier, to = bench.copy("node-v2", "tree"), bench.nothing_at("earlier"), bench.nothing_at("snapshot")
    old_manifest, manifest = bench.nothing_at("old-manifest"), bench.nothing_at("manifest")
    index = bench.nothing_at("index")
    execute(bench.ours("snapshot", bench.corpora / "node-v1", earlier, "--manifest", old_manifest))

    def begin() -> None:
        bench.put_away(to, manifest)

    def begin_knowing(*trees: Path) -> Callable[[], None]:
        def prepare() -> None:
            begin()
            # The peers' links give a file another ctime, so the index has to look at it again.
            bench.learn(index, *trees)

        return prepare

    options = ["--earlier", earlier, "--earlier-manifest", old_manifest, "--index", index]
    command = bench.ours("snapshot", tree, to, *options, "--manifest", manifest)
    linking = rsync("-a", f"--link-dest={earlier}", source=tree, to=to)
    peer = Contender("`rsync -a --link-dest`", [linking], begin)
    warm = Contender("`snapshot --earlier`", [command], begin_knowing(earlier, tree))
    yield Comparison("snapshot of v2 after v1", "node", warm, [(peer, 0.5), (links(tree, to, begin), None)])
    cold = Contender("`snapshot --earlier`", [command], begin_knowing(earlier))
    yield Comparison("snapshot of v2 after v1, v2 not in the index", "node", cold, [(peer, None)])


@dataclass
class Root:
    """Its run/ is v1 and its deploy/ is v2."""

    bench: Bench
    path: Path
    old_manifest: Path
    manifest: Path
    index: Path

    def __post_init__(self) -> None:
        self.deploy, self.run, self.next = (self.path / name for name in ["deploy", "run", ".run.next"])

    def begin(self) -> None:
        self.bench.put_away(self.next)
        self.bench.copy("node-v1", str(self.run))

    def begin_knowing(self) -> None:
        self.begin()
        self.bench.learn(self.index, self.run, self.deploy)

    def make_ready_and_switch(self, *options: str) -> list[Command]:
        trees = [self.deploy, self.manifest, self.run, self.old_manifest, self.next]
        return [self.bench.ours("make-ready", *trees, "--index", self.index, *options),
                self.bench.ours("switch", self.path, self.run.name, self.next.name)]


def make_root(bench: Bench) -> Root:
    path = bench.nothing_at("root")
    path.mkdir()
    run, deploy = bench.copy("node-v1", "root/run"), bench.copy("node-v2", "root/deploy")
    return Root(bench, path, bench.manifest(run, "old-manifest"), bench.manifest(deploy, "manifest"),
                bench.nothing_at("index"))


def made_ready(bench: Bench) -> Iterator[Comparison]:
    root = make_root(bench)
    in_place = rsync("-a", "--delete", source=root.deploy, to=root.run)
    # As ours does, the one file system: what others write elsewhere is none of its business.
    peer = Contender("`rsync -a --delete`, `sync -f`", [in_place, ["sync", "-f", str(root.run)]], root.begin)
    shared = Contender("`make-ready`, `switch`", root.make_ready_and_switch(), root.begin_knowing)
    yield Comparison("v1 to v2 made ready and switched to, files shared", "node", shared,
                     [(peer, 0.6), (links(root.run, root.next, root.begin), None)])
    copying = root.make_ready_and_switch("--copy")
    copied = Contender("`make-ready --copy`, `switch`", copying, root.begin_knowing)
    yield Comparison("v1 to v2 made ready and switched to, files copied", "node", copied, [(peer, 1.5)])


def memory(bench: Bench) -> Iterator[MemoryJob]:
    tree, to, log = bench.corpora / "million", bench.nothing_at("copy"), bench.nothing_at("log")
    index, manifest, copied = (bench.nothing_at(name) for name in ["index", "manifest", "copied"])
    scan = bench.ours("scan", tree, "--index", index, "--bare", "--manifest", manifest)
    compare = bench.ours("compare", manifest, tree, "--index", index)
    snapshot = bench.ours("snapshot", tree, to, "--manifest", copied, "--index", index)
    sync = bench.ours("sync", tree, to, log, "--index", index)
    for ours in [Contender("`scan`, index empty", [scan]), Contender("`scan`", [scan]),
                 Contender("`compare`", [compare]), Contender("`snapshot`", [snapshot]),
                 Contender("`sync`, nothing changed", [sync])]:
        yield MemoryJob("peak memory", "million", ours)


JOBS = {
    "unchanged": unchanged,
    "hashed": hashed,
    "first-snapshot": first_snapshot,
    "incremental-snapshot": incremental_snapshot,
    "made-ready": made_ready,
    "memory": memory,
}
CORPORA = ["node-v1", "node-v2", "tiny", "big", "million"]
