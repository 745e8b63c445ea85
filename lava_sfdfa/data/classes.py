"""Labels of one's own: which classes there are, and the number of each."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

MOST_CLASSES = 65_536
SHOWN = 5  # names in a sentence


@dataclass(frozen=True)
class Classes:
    """The names of classes in the order of their numbers: integers, or texts."""

    names: tuple[int | str, ...]

    @classmethod
    def of(cls, labels: Array, where: str) -> "Classes":
        """Those that occur in the training part. Errors: InputError."""
        names = np.unique(checked_labels(labels, where)).tolist()
        if len(names) > MOST_CLASSES:
            raise InputError(
                f"{where}: has {len(names)} classes; allowed are {MOST_CLASSES}"
            )
        return cls(tuple(names))

    @property
    def are_numbers(self) -> bool:
        """Whether a class is named by its number: 0, 1, 2 and so on."""
        return self.names == tuple(range(len(self.names)))

    @property
    def note(self) -> str | None:
        """A sentence about a class that is alone, and about names that are not the
        numbers 0, 1, 2 and so on."""
        if len(self.names) == 1:
            return f"warning: all labels are {self.names[0]!r}: nothing can be learned"
        if self.are_numbers:
            return None
        note = f"the {len(self.names)} classes are {self.summary}"
        last = self.names[-1]
        has_gaps = isinstance(last, int) and last >= len(self.names)
        return f"warning: the labels have gaps; {note}" if has_gaps else note

    def numbers(self, labels: Any, where: str) -> Array:
        """The number of each label: int64 (n,). Errors: InputError for an unknown one,
        naming the first."""
        labels = checked_labels(np.asarray(labels), where)
        position = {name: number for number, name in enumerate(self.names)}
        numbers = [position.get(label, -1) for label in labels.tolist()]
        if -1 in numbers:
            bad = numbers.index(-1)
            raise InputError(
                f"{where}: sample {bad} has the label {labels.tolist()[bad]!r}, which "
                f"does not occur in training; the classes are {self.summary}"
            )
        return np.array(numbers, np.int64)

    @property
    def summary(self) -> str:
        """The names in words."""
        if self.are_numbers:
            return f"0 to {len(self.names) - 1}"
        names = ", ".join(map(str, self.names[:SHOWN]))
        return names + (", ..." if len(self.names) > SHOWN else "")

    def labels(self, numbers: Array) -> Array:
        """The names of classes, by their numbers."""
        known = np.minimum(numbers, len(self.names) - 1)
        return np.array(self.names)[known]

    def to_text(self) -> str:
        """As it stands in an artifact."""
        return json.dumps(self.names)

    @classmethod
    def from_text(cls, text: str) -> "Classes":
        """The inverse of `to_text`."""
        return cls(tuple(json.loads(text)))


def _in_one_column(labels: Array) -> Array:
    if labels.ndim != 2:
        return labels
    if labels.shape[1] == 1:
        return labels[:, 0]
    is_one_hot = labels.dtype.kind in "iufb" and bool(
        np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()
    )
    return labels.argmax(axis=1) if is_one_hot and labels.size else labels


def _checked_texts(labels: Array, where: str) -> Array:
    """Errors: InputError for letters that do not exist, which a file may say."""
    letters = np.ascontiguousarray(labels, labels.dtype.newbyteorder("="))
    if labels.size and letters.view(np.uint32).max() > sys.maxunicode:
        raise InputError(
            f"{where} holds letters beyond Unicode; it is damaged, write it again"
        )
    return labels


def checked_labels(labels: Array, where: str) -> Array:
    """Labels as integers or texts. Errors: InputError for what names no class.

    labels: (n,) or (n, 1); or a row of zeros with a one for each sample, whose place is
    the class.
    """
    labels = _in_one_column(labels)
    if labels.ndim != 1:
        raise InputError(
            f"{where} has the shape {labels.shape}; it must be (samples,), a label "
            "each, or rows of zeros with a one"
        )
    if labels.dtype.kind in "ib":
        return labels.astype(np.int64)
    if labels.dtype.kind == "U":
        return _checked_texts(labels, where)
    if labels.dtype.kind not in "uf":
        raise InputError(
            f"{where} holds {labels.dtype}; labels must be integers or texts"
        )
    whole = np.isfinite(labels) & (labels == np.rint(labels)) & (abs(labels) < 2**53)
    if not whole.all():
        bad = int(np.argmin(whole))
        raise InputError(
            f"{where}: sample {bad} has the label {labels[bad]}; labels must be "
            "integers or texts"
        )
    return labels.astype(np.int64)
