"""Where the jobs get their state from, and the commands that they are made of."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Command, Contender, execute


@dataclass
class Bench:
    tool: str
    corpora: Path
    scratch: Path
    put_away_so_far: int = 0

    def ours(self, verb: str, *arguments: object) -> Command:
        return [self.tool, verb, *map(str, arguments)]

    def put_away(self, *paths: Path) -> None:
        """Large trees only from sight: ext4 does not use an inode again within a minute or more, and whoever
        makes files where thousands have just been removed takes five times as long."""
        for path in paths:
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif all(child.is_file() for child in path.iterdir()):
                shutil.rmtree(path)  # a few large files
            else:
                self.put_away_so_far += 1
                path.rename(self.scratch / f"away-{self.put_away_so_far}")

    def nothing_at(self, name: str) -> Path:
        path = self.scratch / name
        self.put_away(path)
        return path

    def copy(self, corpus: str, name: str) -> Path:
        to = self.nothing_at(name)
        execute(["cp", "-a", str(self.corpora / corpus), str(to)])
        return to

    def pair(self, corpus: str) -> tuple[Path, Path]:
        """Two equal trees, for jobs that change nothing."""
        pair = self.scratch / f"deploy-{corpus}", self.scratch / f"run-{corpus}"
        for tree in pair:
            if not tree.exists():
                self.copy(corpus, tree.name)
        return pair

    def manifest(self, tree: Path, name: str) -> Path:
        """What a release would say of the tree."""
        manifest = self.nothing_at(name)
        execute(self.ours("scan", tree, "--bare", "--manifest", manifest))
        return manifest

    def learn(self, index: Path, *trees: Path) -> None:
        """Makes an index that knows these trees as they are now, and nothing else."""
        index.unlink(missing_ok=True)
        # Twice, because a file that changed a moment ago is read but not remembered.
        for tree in [*trees, *trees]:
            execute(self.ours("scan", tree, "--index", index))


def rsync(*options: str, source: Path, to: Path) -> Command:
    return ["rsync", *options, f"{source}/", f"{to}/"]


def walk(*trees: Path) -> Contender:
    """The least that looking at every file takes: one thread, one look each, nothing compared."""
    return Contender("`find -links`, a walk", [["find", *map(str, trees), "-links", "+100000"]])


def links(tree: Path, to: Path, prepare: Callable[[], None]) -> Contender:
    """The least that a tree made of hard links takes: one thread, nothing compared."""
    return Contender("`cp -al`, links only", [["cp", "-al", str(tree), str(to)]], prepare)
