"""The jobs that archives.py measures: the state they start from, who does them, and how they may compare."""

from collections.abc import Iterator
from pathlib import Path

from bench import Bench
from measure import Command, Contender, execute
from runner import Comparison, MemoryJob, SizeComparison

CORPORA = ["node-v1", "node-v2", "tiny", "big", "source"]
PACKED = ["node-v1", "tiny", "big", "source"]
LEVELS = [3, 9]


def shell(command: str) -> Command:
    return ["bash", "-c", f"set -o pipefail; {command}"]


def key(bench: Bench) -> Path:
    path = bench.scratch / "key"
    if not path.exists():
        execute(bench.ours("key", path))
    return path


def pack(bench: Bench, corpus: str, archive: Path, *options: object) -> Command:
    return bench.ours("pack", bench.corpora / corpus, archive, "--key", key(bench), *options)


def tar(bench: Bench, corpus: str, archive: Path, level: int) -> Command:
    return shell(f"tar -C '{bench.corpora / corpus}' -cf - . | zstd -q -f -T0 -{level} -o '{archive}'")


def packing(bench: Bench) -> Iterator[Comparison | SizeComparison]:
    for corpus in PACKED:
        for level in LEVELS:
            ours, theirs, solid = (bench.scratch / name for name in ["ours.tar.zst", "tar.zst", "solid.tar.zst"])
            peer = f"`tar \\| zstd -T0 -{level}`"
            yield Comparison("pack", corpus,
                             Contender(f"`pack --level {level}`", [pack(bench, corpus, ours, "--level", level)]),
                             [(Contender(peer, [tar(bench, corpus, theirs, level)]), 0.85)])
            yield SizeComparison("size", corpus, f"`pack --level {level}`", ours, peer, theirs, 1.25)
            execute(pack(bench, corpus, solid, "--level", level, "--solid"))
            yield SizeComparison("size", corpus, f"`pack --level {level} --solid`", solid, peer, theirs, 1.10)


def archives(bench: Bench, corpus: str) -> tuple[Path, Path]:
    """Ours and the peer's, of the same level."""
    ours, theirs = bench.scratch / f"{corpus}.tar.zst", bench.scratch / f"{corpus}.peer.tar.zst"
    if not ours.exists():
        execute(pack(bench, corpus, ours))
        execute(tar(bench, corpus, theirs, 9))
    return ours, theirs


def untar(archive: Path, to: Path) -> list[Command]:
    return [["mkdir", str(to)], ["tar", "--zstd", "-C", str(to), "-xf", str(archive)], ["sync", "-f", str(to)]]


def unpacking(bench: Bench) -> Iterator[Comparison]:
    for corpus in PACKED:
        ours, theirs = archives(bench, corpus)
        to = bench.nothing_at("to")

        def begin() -> None:
            bench.put_away(to)

        command = bench.ours("unpack", ours, to, "--key", key(bench))
        yield Comparison("verify and unpack", corpus, Contender("`unpack`", [command], begin),
                         [(Contender("`tar --zstd -xf`, `sync -f`", untar(theirs, to), begin), 0.6)])


def unpacking_beside(bench: Bench) -> Iterator[Comparison]:
    old, _ = archives(bench, "node-v1")
    ours, theirs = archives(bench, "node-v2")
    deployed, to, index = bench.nothing_at("deployed"), bench.nothing_at("to"), bench.nothing_at("index")
    execute(bench.ours("unpack", old, deployed, "--key", key(bench), "--index", index))

    def begin() -> None:
        bench.put_away(to)

    # Each run links files, which gives them another ctime: the index learns that, and the next run finds it.
    options = ["--key", key(bench), "--earlier", deployed]
    peer = Contender("`tar --zstd -xf`, `sync -f`", untar(theirs, to), begin)
    known = Contender("`unpack --earlier --index`",
                      [bench.ours("unpack", ours, to, *options, "--index", index)], begin)
    yield Comparison("unpack v2 where v1 is deployed", "node", known, [(peer, 0.35)])
    unknown = Contender("`unpack --earlier`, without an index", [bench.ours("unpack", ours, to, *options)], begin)
    yield Comparison("unpack v2 where v1 is deployed", "node", unknown, [(peer, None)])


def last_file(bench: Bench, corpus: str) -> str:
    """In the order of both archives' members a late one, and a small one."""
    tree = bench.corpora / corpus
    files = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return max(str(path) for path in files if (tree / path).stat().st_size < 100_000)


def extracting(bench: Bench) -> Iterator[Comparison]:
    for corpus in ["node-v1", "source"]:
        ours, _ = archives(bench, corpus)
        one, to = last_file(bench, corpus), bench.nothing_at("to")
        # The peer's archive in our order, so that the file is as far behind.
        sorted_one = bench.scratch / f"{corpus}.sorted.tar.zst"
        execute(shell(f"tar -C '{bench.corpora / corpus}' --sort=name -cf - . | zstd -q -f -T0 -9 -o '{sorted_one}'"))

        def begin() -> None:
            bench.put_away(to)

        command = bench.ours("extract", ours, one, to, "--key", key(bench))
        peer = [["mkdir", str(to)], ["tar", "--zstd", "-C", str(to), "-xf", str(sorted_one), f"./{one}"]]
        yield Comparison("extract one file from the end", corpus, Contender("`extract`", [command], begin),
                         [(Contender("`tar --zstd -xf FILE one`", peer, begin), 0.05)])


def memory(bench: Bench) -> Iterator[MemoryJob]:
    archive = bench.scratch / "memory.tar.zst"
    for corpus in PACKED:
        command = pack(bench, corpus, archive, "--level", 9)
        yield MemoryJob("peak memory", corpus, Contender("`pack --level 9`", [command]), 200_000_000)


JOBS = {
    "pack": packing,
    "unpack": unpacking,
    "unpack-beside": unpacking_beside,
    "extract": extracting,
    "memory": memory,
}
