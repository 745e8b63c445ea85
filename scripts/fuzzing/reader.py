"""What is fuzzed of a reader: valid files, how they are damaged, and what reads them.

A case is the files of a folder by name.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fuzzing.formats import (
    LINKS,
)
from fuzzing.mutations import Tree, copied, mutated_bytes, mutated_tree

Case = dict[str, bytes]
TRIES = 10  # mutations that a format cannot hold before the plain bytes are damaged


@dataclass
class Reader:
    """One reader.

    make: writes valid files into a folder and gives their trees; encode: a tree as the
    files of a case; read: reads and uses what is in a folder; hdf5: whether trees may
    have links; limit_s: what a case may take, with the limit of the process for HDF5.
    """

    make: Callable[[Path], list[Tree]]
    encode: Callable[[Random, Tree], Case]
    read: Callable[[Path], Any]
    hdf5: bool = False
    trees: list[Tree] = field(default_factory=list)
    valid: list[Case] = field(default_factory=list)

    @property
    def limit_s(self) -> float:
        """What a case may take: 2 s, and as much again for the process of HDF5."""
        return 4.0 if self.hdf5 else 2.0

    def prepare(self) -> None:
        """Make the valid files. Errors: AssertionError where one cannot be read."""
        with tempfile.TemporaryDirectory() as folder:
            self.trees = self.make(Path(folder))
        self.valid = [self.encode(Random(0), copied(tree)) for tree in self.trees]
        for case in self.valid:
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), case)
                self.read(Path(folder))

    def case(self, name: str, seed: int, number: int) -> Case:
        """The case of a number: the same for the same seed and files."""
        rng = Random(f"{name} {seed} {number}")
        if rng.random() < 0.7:
            for _ in range(TRIES):
                try:
                    return self._damaged(rng, self._from_tree(rng), 0.1)
                except Exception:  # no file can hold it
                    continue
        return self._damaged(rng, dict(rng.choice(self.valid)), 1.0)

    def _from_tree(self, rng: Random) -> Case:
        tree = mutated_tree(rng, rng.choice(self.trees))
        if self.hdf5 and rng.random() < 0.03:
            holder = rng.choice(
                [tree, *(v for v in tree.values() if isinstance(v, dict))]
            )
            holder["x"] = rng.choice(LINKS)
        return self.encode(rng, tree)

    def _damaged(self, rng: Random, case: Case, share: float) -> Case:
        """With one file damaged in its bytes, in so many of the cases."""
        if case and rng.random() < share:
            chosen = rng.choice(list(case))
            others = [c[chosen] for c in self.valid if chosen in c]
            case[chosen] = mutated_bytes(rng, case[chosen], others)
        return case


def write(folder: Path, case: Case) -> None:
    """The files of a case."""
    for name, content in case.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
