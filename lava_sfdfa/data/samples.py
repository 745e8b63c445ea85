"""What every data set becomes: samples and their classes, in three parts.

Images are flat arrays of 8 bits; recordings are events, each an input and a time. The
validation part is taken from the training part, always the same samples, unless the
set has one of its own; the test part is never used to choose anything.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Kind
from lava_sfdfa.data.events import index_type
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

VALIDATION_SHARE, VALIDATION_MOST = 0.1, 5000


@dataclass(frozen=True)
class Images:
    """Images and their classes."""

    images: Array  # (n, n_inputs) uint8
    labels: Array  # (n,) int64

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_inputs(self) -> int:
        """Pixels of an image."""
        return self.images.shape[1]

    def take(self, chosen: Array) -> "Images":
        """The samples `chosen`, in this order."""
        return Images(self.images[chosen], self.labels[chosen])

    def first(self, limit: int | None) -> "Images":
        """The first `limit` samples, or all."""
        return Images(self.images[:limit], self.labels[:limit])

    def arrays(self) -> tuple[Array, ...]:
        """What the digest covers, beside the labels."""
        return (self.images,)


@dataclass(frozen=True)
class Recordings:
    """Recordings of events and their classes.

    The events of sample n stand from `offset[n]` to `offset[n + 1]`.
    """

    time_us: Array  # (n_events,) int32, microseconds since the recording began
    index: Array  # (n_events,) input of each event; uint16, or int32 beyond 65,536
    offset: Array  # (n + 1,) int64
    labels: Array  # (n,) int64
    n_inputs: int

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, chosen: Array) -> "Recordings":
        """The samples `chosen`, in this order."""
        sizes = np.diff(self.offset)[chosen]
        offset = np.concatenate([[0], np.cumsum(sizes)])
        first = np.repeat(self.offset[chosen] - offset[:-1], sizes)
        where = first + np.arange(offset[-1])
        time_us, index = self.time_us[where], self.index[where]
        return Recordings(time_us, index, offset, self.labels[chosen], self.n_inputs)

    def first(self, limit: int | None) -> "Recordings":
        """The first `limit` samples, or all."""
        return self.take(np.arange(len(self))[:limit])

    def arrays(self) -> tuple[Array, ...]:
        """What the digest covers, beside the labels."""
        return self.time_us, self.index, self.offset


Samples = Images | Recordings


@dataclass(frozen=True)
class Dataset:
    """A data set, split; `shape` is that of one sample, `name` never a path."""

    name: str
    shape: tuple[int, ...]
    n_classes: int
    train: Samples
    validation: Samples
    test: Samples
    source: str = ""  # name or path by which `load_dataset` finds it again
    reading: Any = None  # a `Reading`, of arrays and files of one's own

    @property
    def kind(self) -> Kind:
        """What its samples are."""
        if self.reading is not None:
            kind: Kind = self.reading.kind
            return kind
        return "events" if isinstance(self.train, Recordings) else "image"

    @property
    def digest(self) -> str:
        """SHA-256 of all samples and labels, in hexadecimal."""
        sha = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for array in part.arrays():
                sha.update(np.ascontiguousarray(array).tobytes())
            sha.update(part.labels.astype("<i8").tobytes())
        return sha.hexdigest()


def split(
    name: str, shape: tuple[int, ...], n_classes: int, train: Samples, test: Samples
) -> Dataset:
    """Hold out the validation part: a fixed choice, whatever the seed."""
    rest, held = choose_validation(name, len(train), len(test))
    return Dataset(
        name, tuple(shape), n_classes, train.take(rest), train.take(held), test
    )


def choose_validation(name: str, n_train: int, n_test: int) -> tuple[Array, Array]:
    """Which training samples are learned, and which are held out: int64.

    Errors: InputError where there are too few.
    """
    n_validation = min(round(n_train * VALIDATION_SHARE), VALIDATION_MOST)
    if n_validation == 0 or n_test == 0:
        raise InputError(
            f"{name}: has {n_train} training and {n_test} test samples; "
            "allowed are at least 6 and 1"
        )
    order = shuffled(0, random.SPLIT, 0, n_train)
    return order[n_validation:], order[:n_validation]


def choose_test(n: int, share: float) -> tuple[Array, Array]:
    """Which samples stay, and which share of them is the test part: int64."""
    order = shuffled(0, random.SPLIT, 1, n)
    n_held = round(n * share)
    return order[n_held:], order[:n_held]


def shuffled(seed: int, purpose: int, epoch: int, count: int) -> Array:
    """A permutation of `count` numbers, the same on every machine: int64."""
    keys = random.draw_many(seed, purpose, epoch, 0, count)
    return np.argsort(keys, kind="stable")


def gather(
    recordings: Iterator[tuple[Array, Array]],
    labels: Array,
    n_inputs: int,
) -> Recordings:
    """Recordings one after the other, each as times in microseconds and inputs."""
    kind = index_type(n_inputs)
    times: list[Array] = [np.zeros(0, np.int32)]
    inputs: list[Array] = [np.zeros(0, kind)]
    for time_us, index in recordings:
        times.append(time_us.astype(np.int32))
        inputs.append(index.astype(kind))
    offset = np.cumsum([len(time_us) for time_us in times])
    return Recordings(
        np.concatenate(times),
        np.concatenate(inputs),
        offset.astype(np.int64),
        labels.astype(np.int64),
        n_inputs,
    )


def check_labels(labels: Array, n_classes: int, where: str) -> None:
    """Refuse labels outside 0 .. n_classes - 1, naming the first."""
    bad = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if bad.size:
        raise InputError(
            f"{where}: sample {bad[0]} has the label {labels[bad[0]]}; the classes "
            f"are 0 to {n_classes - 1}"
        )
