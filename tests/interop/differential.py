#!/usr/bin/env python3
"""Five readers of one archive, and what they make of it: ours, the manifest, GNU tar, bsdtar and Python's tarfile.

    differential.py ARCHIVE_TOOL [--large] [--seed N] [--trees N]

They must agree on names, types, sizes, modes, times, targets of links and content, for trees full of what one tar or
another has stumbled over and for random ones. --large: one file of 9 GiB instead (nearly all of it a hole), which is
read as it streams and never unpacked.
Exit status: 0 they agree, 1 they do not, 77 skipped (the reason is the last line printed).
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SKIPPED = 77
OWN = b".bakehouse"
TIME = 1_700_000_000


class Entry(NamedTuple):
    """What all readers can tell. Times and sizes are those of files."""
    type: str
    mode: int
    size: int = 0
    time: int = 0
    target: bytes = b""
    digest: str = ""


Tree = dict[bytes, Entry]


# --- trees ------------------------------------------------------------------------------------------------------------

class Planter:
    """Makes a tree; everything in it is made once."""

    def __init__(self, top: bytes):
        self.top = top
        os.mkdir(top)

    def directory(self, path: bytes) -> None:
        os.makedirs(os.path.join(self.top, path), exist_ok=True)

    def file(self, path: bytes, content: bytes = b"", mode: int = 0o644, time: int = TIME) -> None:
        self.directory(os.path.dirname(path))
        whole = os.path.join(self.top, path)
        with open(whole, "xb") as file:
            file.write(content)
        os.chmod(whole, mode)
        os.utime(whole, (time, time))

    def link(self, path: bytes, target: bytes) -> None:
        self.directory(os.path.dirname(path))
        os.symlink(target, os.path.join(self.top, path))


def plant_names(plant: Planter) -> None:
    for byte in range(1, 256):
        # '/' ends a name, and names that differ in case only are refused.
        if byte != ord("/") and not ord("A") <= byte <= ord("Z"):
            plant.file(b"%c" % byte + b"-" if byte == ord(".") else b"%c" % byte, b"%d" % byte)
    for name in (b" ", b"  two  ", b"...", b"..x", b"-", b"--", b"a\n", b"\n\n", b"\\", b"\\012", b"%s", b"*", b"'\"",
                 b"caf\xc3\xa9", b"cafe\xcc\x81", b"\xff\xfe\xfd", b"\xe2\x80\xae", b"./@LongLink", b"pax_global_header"):
        plant.file(b"odd/" + name, name)


def plant_lengths(plant: Planter) -> None:
    for length in (1, 98, 99, 100, 101, 102, 153, 154, 155, 156, 157, 254, 255):
        plant.file(b"f" * length, b"%d" % length)
        plant.directory(b"d" * length)
        plant.link(b"l" * length, b"f" * length)
    for length in (99, 100, 101, 255, 256, 257, 511, 512, 513, 1023, 1024, 4095):
        path = b"p%04d/" % length
        while len(path) + 200 < length:
            path += b"q" * 180 + b"/"
        plant_long(plant, path + b"r" * (length - len(path)))
    for length in (99, 100, 101, 511, 512, 513, 4094):
        plant.link(b"to%04d" % length, (b"f/" * length)[:length - 1] + b"g")


def plant_long(plant: Planter, path: bytes) -> None:
    """Longer than a system call takes: a part at a time."""
    *parents, name = path.split(b"/")
    place = os.open(plant.top, os.O_RDONLY)
    for part in parents:
        if part not in os.listdir(place):
            os.mkdir(part, dir_fd=place)
        below = os.open(part, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    with open(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=place), "wb") as file:
        file.write(b"%d" % len(path))
    os.utime(name, (TIME, TIME), dir_fd=place)
    os.close(place)


def plant_sizes(plant: Planter) -> None:
    noise = random.Random(1).randbytes(3 << 20)
    for size in (0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1,
                 (3 << 20) - 1):
        plant.file(b"noise-%d" % size, noise[:size])
        plant.file(b"zeros-%d" % size, bytes(size), 0o755)
    plant.file(b"long-zeros", bytes(20 << 20))
    plant.file(b"long-noise", noise * 4)


def plant_times(plant: Planter) -> None:
    for time in (0, 1, 7, 8, (1 << 31) - 1 - 400_000_000, TIME, 1_799_999_999):
        plant.file(b"%d" % time, b"x", time=time)


def plant_twins(plant: Planter) -> None:
    content = b"0123456789abcdef" * 1000
    for i in range(10):
        plant.file(b"twins/%d" % i, content)
        plant.file(b"%d/deep/twin" % i, content)
        plant.file(b"empty/%d" % i)
        plant.file(b"small/%d" % i, b"small")
    plant.file(b"twins/of-another-mode", content, 0o755)
    plant.file(b"twins/of-another-time", content, time=TIME + 1)
    plant.file(b"n" * 120, content)
    plant.file(b"o" * 120, content)


def plant_links(plant: Planter) -> None:
    plant.file(b"a/b/file")
    for name, target in ((b"a/up", b".."), (b"a/b/up", b"../.."), (b"a/self", b"self"), (b"a/nothing", b"no/such"),
                         (b"to", b"a/b"), (b"through", b"to/up/a"), (b"dots", b"./a/.././a//b/"), (b"blank", b" "),
                         (b"line", b"a\nb"), (b"bytes", b"\xff\x01"), (b"arrow", b"a -> b")):
        plant.link(name, target)


def plant_depth(plant: Planter) -> None:
    plant.file(b"d/" * 300 + b"file", b"deep")
    for i in range(50):
        plant.directory(b"empty/%d" % i + b"/e" * i)


def plant_nothing(_: Planter) -> None:
    pass


def plant_random(seed: int) -> Callable[[Planter], None]:
    def plant_it(plant: Planter) -> None:
        chance = random.Random(seed)
        directories = [b""]
        for i in range(chance.randrange(5, 120)):
            # A number first: no two names clash, in any case.
            name = b"%d" % i + bytes(chance.choice(b"ab \n\\\xff*.-~\x7f\xc3\xa9") for _ in range(chance.randrange(130)))
            path = os.path.join(chance.choice(directories), name)
            kind = chance.random()
            if kind < 0.2 and len(path) < 2000:
                plant.directory(path)
                directories.append(path)
            elif kind < 0.35:
                plant.link(path, name + b"x" * chance.randrange(300))
            else:
                size = chance.choice((0, 1, 512, 5000, 5000, chance.randrange(200_000)))
                plant.file(path, random.Random(size).randbytes(size), chance.choice((0o644, 0o755)),
                           chance.choice((0, TIME, TIME)))
    return plant_it


def plant_large(plant: Planter) -> None:
    plant.file(b"before", b"x")
    plant.file(b"large")
    with open(os.path.join(plant.top, b"large"), "r+b") as file:
        file.seek(5 << 30)
        file.write(b"in the middle")
        file.truncate((9 << 30) + 1)
    os.utime(os.path.join(plant.top, b"large"), (TIME, TIME))
    plant.file(b"then", b"y")


# --- readers ----------------------------------------------------------------------------------------------------------

def digest_of(pieces: Iterator[bytes]) -> str:
    sha = hashlib.sha256()
    for piece in pieces:
        sha.update(piece)
    return sha.hexdigest()


def pieces_of(file) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece


def look(top: bytes) -> Tree:
    """What stands in a directory, without what belongs to the release itself."""
    tree: Tree = {}

    def walk(place: int, prefix: bytes) -> None:
        for name in os.listdir(place):
            name = os.fsencode(name)
            if not prefix and name == OWN:
                continue
            path = prefix + name
            about = os.stat(name, dir_fd=place, follow_symlinks=False)
            mode = stat.S_IMODE(about.st_mode)
            if stat.S_ISLNK(about.st_mode):
                tree[path] = Entry("link", 0o777, target=os.readlink(name, dir_fd=place))
            elif stat.S_ISDIR(about.st_mode):
                tree[path] = Entry("dir", mode)
                below = os.open(name, os.O_RDONLY, dir_fd=place)
                walk(below, path + b"/")
                os.close(below)
            else:
                with open(os.open(name, os.O_RDONLY, dir_fd=place), "rb") as file:
                    tree[path] = Entry("file", mode, about.st_size, int(about.st_mtime), digest=digest_of(pieces_of(file)))

    place = os.open(top, os.O_RDONLY)
    walk(place, b"")
    os.close(place)
    return tree


def unescape(text: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text)


def read_manifest(text: bytes) -> Tree:
    lines = text.split(b"\n")
    assert lines[:2] == [b"#mtree", b". type=dir"] and lines[-1] == b"", "this is no manifest as we know it"
    tree: Tree = {}
    for line in lines[2:-1]:
        path, *words = line.split(b" ")
        facts = dict(word.split(b"=", 1) for word in words)
        seconds, _, nanoseconds = facts.get(b"time", b"0.0").partition(b".")
        assert nanoseconds == b"0"
        tree[unescape(path[2:])] = Entry(facts[b"type"].decode(), int(facts[b"mode"], 8), int(facts.get(b"size", b"0")),
                                         int(seconds), unescape(facts.get(b"link", b"")),
                                         facts.get(b"sha256digest", b"").decode())
    return tree


def read_tarfile(archive: Path) -> Tree:
    """Python's own idea of the stream; it follows a hard link to the content of the first."""
    tree: Tree = {}
    with subprocess.Popen(["zstd", "-dcq", archive], stdout=subprocess.PIPE) as zstd:
        with tarfile.open(fileobj=zstd.stdout, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
            for member in tar:
                path = os.fsencode(member.name)
                if path.split(b"/")[0] == OWN:
                    continue
                if member.isdir():
                    tree[path] = Entry("dir", member.mode)
                elif member.issym():
                    tree[path] = Entry("link", member.mode, target=os.fsencode(member.linkname))
                elif member.islnk():
                    first = tree[os.fsencode(member.linkname)]
                    tree[path] = first._replace(mode=member.mode, time=int(member.mtime))
                else:
                    digest = digest_of(pieces_of(tar.extractfile(member)))
                    tree[path] = Entry("file", member.mode, member.size, int(member.mtime), digest=digest)
    return tree


class Readers:
    """All that read an archive, by name."""

    def __init__(self, tool: Path, key: Path, scratch: Path):
        self.tool = tool
        self.key = key
        self.scratch = scratch

    def pack(self, tree: bytes, archive: Path) -> None:
        self.run(self.tool, "pack", tree, archive, "--key", self.key, "--level", "3")

    def read(self, archive: Path) -> dict[str, Tree]:
        self.run(self.tool, "check", archive, "--key", self.key)
        listed = self.run(self.tool, "list", archive, "--key", self.key)
        return {
            "the manifest": read_manifest(listed),
            "ours": self.unpacked(lambda to: (self.tool, "unpack", archive, to, "--key", self.key)),
            "GNU tar": self.unpacked(lambda to: ("tar", "--zstd", "-xpf", archive, "-C", to)),
            "bsdtar": self.unpacked(lambda to: ("bsdtar", "-xpPf", archive, "-C", to)),
            "tarfile": read_tarfile(archive),
        }

    def read_large(self, archive: Path, path: str) -> dict[str, Tree]:
        self.run(self.tool, "check", archive, "--key", self.key)
        tree = read_tarfile(archive)
        return {
            "the manifest": read_manifest(self.run(self.tool, "list", archive, "--key", self.key)),
            "tarfile": tree,
            "GNU tar": tree | {path.encode(): self.streamed(tree[path.encode()], "tar", "--zstd", "-xOf", archive, path)},
            "bsdtar": tree | {path.encode(): self.streamed(tree[path.encode()], "bsdtar", "-xOf", archive, path)},
        }

    @staticmethod
    def streamed(about: Entry, *command) -> Entry:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
            size = 0
            sha = hashlib.sha256()
            for piece in pieces_of(program.stdout):
                size += len(piece)
                sha.update(piece)
        return about._replace(size=size, digest=sha.hexdigest())

    def unpacked(self, command: Callable[[Path], tuple]) -> Tree:
        to = self.scratch / "unpacked"
        to.mkdir()
        try:
            self.run(*command(to))
            return look(os.fsencode(to))
        finally:
            remove(to)

    @staticmethod
    def run(*command) -> bytes:
        # Names are bytes; a time zone would move what tar lists.
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
        if done.returncode != 0:
            sys.exit(f"differential.py: {command[0]}: exit status {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.stdout


def remove(tree: Path) -> None:
    """Deeper than paths reach."""
    subprocess.run(["rm", "-rf", tree], check=True)


# --- comparing --------------------------------------------------------------------------------------------------------

def differences(expected: Tree, found: Tree) -> list[str]:
    lines = []
    for path in sorted(expected.keys() | found.keys()):
        if expected.get(path) != found.get(path):
            lines.append(f"  {path!r}: {expected.get(path)} != {found.get(path)}")
    return lines


def agree(name: str, readers: Readers, plant_it: Callable[[Planter], None], large: str = "") -> bool:
    source = os.fsencode(readers.scratch / "source")
    archive = readers.scratch / "x.tar.zst"
    plant_it(Planter(source))
    readers.pack(source, archive)
    expected = look(source)
    everybody_agrees = True
    read = readers.read_large(archive, large) if large else readers.read(archive)
    for reader, found in read.items():
        lines = differences(expected, found)
        if lines:
            print(f"{name}: {reader} reads another tree:", *lines[:20], sep="\n")
            everybody_agrees = False
    remove(readers.scratch / "source")
    print(f"{name}: {len(expected)} entries, {archive.stat().st_size} bytes")
    return everybody_agrees


def skip_unless_possible() -> None:
    for program in ("zstd", "tar", "bsdtar"):
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            sys.exit(SKIPPED)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tool", type=Path)
    options.add_argument("--large", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--trees", type=int, default=12, help="random ones")
    chosen = options.parse_args()
    skip_unless_possible()
    os.umask(0o022)
    trees = {"names": plant_names, "lengths": plant_lengths, "sizes": plant_sizes, "times": plant_times,
             "twins": plant_twins, "links": plant_links, "depth": plant_depth, "nothing": plant_nothing}
    trees |= {f"random tree {seed}": plant_random(seed) for seed in range(chosen.seed, chosen.seed + chosen.trees)}
    scratch = Path(tempfile.mkdtemp())
    try:
        key = scratch / "key"
        readers = Readers(chosen.tool.resolve(), key, scratch)
        readers.run(readers.tool, "key", key)
        if chosen.large:
            return 0 if agree("large", readers, plant_large, "large") else 1
        return 0 if all([agree(name, readers, plant_it) for name, plant_it in trees.items()]) else 1
    finally:
        remove(scratch)


if __name__ == "__main__":
    sys.exit(main())
