"""How arrays of one's own are read: as images, tables, series or events.

This is the one place that decides it. What is decided comes from the training part
alone, is told in a sentence, and is kept with the network, so that samples that come
later are read in the same way.
"""

import contextlib
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lava_sfdfa.config import KINDS, Kind
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.samples import Images, Recordings, Samples, gather
from lava_sfdfa.data.series import features_of, points_of
from lava_sfdfa.data.spikes import check_list, recordings_of
from lava_sfdfa.data.tables import PopulationCode
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.types import Array

ABOVE_ONE = 1e-3  # by which floats of images may miss 1, from rounding
LARGEST = 1e100  # of numbers, so that sums and squares of them are numbers too
DARK = 128  # integers of images that stay below this have another scale than 0 to 255


@dataclass(frozen=True)
class Reading:
    """How samples and labels become inputs and numbers of classes.

    kind: what a sample is; shape: of one as it is given; classes: names of the labels;
    top: the value of a white pixel, None for 255 of integers and 1 of floats; code and
    points: of tables and series, see `PopulationCode` and `features_of`.
    """

    kind: Kind
    shape: tuple[int, ...]
    classes: Classes
    top: float | None = None
    code: PopulationCode | None = None
    points: int = 0
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether it says no more than the shape: images of any common scale, classes
        that are numbers."""
        return self.kind == "image" and self.classes.are_numbers and self.top is None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of what the network takes."""
        return self.shape if self.code is None else (self.code.n_inputs,)

    def samples(self, x: Any, y: Any, where: str = "x", where_y: str = "y") -> Samples:
        """Samples as the network takes them. y: labels, or None; recordings are read
        as in `spikes`.

        Errors: InputError for samples of another shape, and unknown labels.
        """
        if self.kind == "events":
            return self._recordings(x, y, where, where_y)
        x = samples_of(x, where, self.kind)
        if not self._fits(x):
            raise InputError(
                f"{where} has the shape {x.shape}; it must be (samples, "
                f"{', '.join(map(str, self.shape))})"
            )
        labels = self._labels(y, len(x), where_y)
        return Images(self._pixels(x, where), labels)

    def _fits(self, x: Array) -> bool:
        """Whether samples have the shape; images may also come as rows, and go to a
        network that learned rows."""
        if self.kind == "series":
            return x.ndim == 3 and x.shape[1] == self.shape[0]
        found, own = ([k for k in s if k > 1] for s in (x.shape[1:], self.shape))
        is_row = self.kind == "image" and min(len(found), len(own)) <= 1
        return x.ndim >= 2 and (
            found == own or (is_row and math.prod(found) == math.prod(own))
        )

    def _recordings(self, x: Any, y: Any, where: str, where_y: str) -> Recordings:
        check_list(x, where)
        recordings = recordings_of(x, self.shape, where)
        labels = self._labels(y, len(x), where_y)
        return gather(iter(recordings), labels, math.prod(self.shape))

    def _labels(self, y: Any, n: int, where: str) -> Array:
        """The numbers of the classes, 0 where there are no labels."""
        if y is None:
            return np.zeros(n, np.int64)
        labels = self.classes.numbers(array_of(y, where), where)
        check_length(labels, n, where)
        return labels

    def _pixels(self, x: Array, where: str) -> Array:
        if self.code is None:
            return to_bytes(x.reshape(len(x), -1), where, self.top)
        x = numbers_of(x, where, self.kind)
        if self.kind == "series":
            return self.code.encode(features_of(x, self.points))
        return self.code.encode(x.reshape(len(x), -1))

    # --- in an artifact ---------------------------------------------------------------

    def to_content(self) -> dict[str, Any]:
        """Numbers, texts and arrays; the inverse is `from_content`."""
        content: dict[str, Any] = {
            "kind": self.kind,
            "shape": np.array(self.shape, np.int64),
            "classes": self.classes.to_text(),
            "points": self.points,
        }
        if self.top is not None:
            content["top"] = self.top
        if self.code is not None:
            content |= {"knots": self.code.knots, "n_fields": self.code.n_fields}
        return content

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> "Reading":
        """The inverse of `to_content`."""
        code = None
        if "knots" in content:
            code = PopulationCode(content["knots"], int(content["n_fields"]))
        return cls(
            kind=content["kind"],
            shape=tuple(content["shape"].tolist()),
            classes=Classes.from_text(content["classes"]),
            top=content.get("top"),
            code=code,
            points=int(content["points"]),
        )


def reading_of(x: Array, classes: Classes, where: str, kind: Kind) -> Reading:
    """How the training samples x, which `check_samples` has seen, ask to be read."""
    notes = [classes.note] if classes.note else []
    shape = x.shape[1:]
    if kind == "image":
        top = _scale(x)
        notes.append(_note_of_images(x, where, top))
        return Reading("image", shape, classes, top, notes=tuple(notes))
    numbers, points = numbers_of(x, where, kind), 0
    if kind == "series":
        points = points_of(x.shape[2])
        features = features_of(numbers, points)
        what = f"series of {shape[0]} channels"
    else:
        features = numbers.reshape(len(x), -1)
        what = f"a table of {features.shape[1]} features"
    code = PopulationCode.of(features)
    if (code.knots[:, 0] == code.knots[:, -1]).all():
        notes.append(f"warning: no feature of {where} differs between the samples")
    notes.append(
        f"{where} is read as {what}: {code.n_inputs} inputs, {code.n_fields} for each "
        f"of {len(code.knots)} numbers"
    )
    return Reading(kind, shape, classes, None, code, points, tuple(notes))


def _note_of_images(x: Array, where: str, top: float | None) -> str:
    shape = " x ".join(map(str, x.shape[1:]))
    white = top or (1 if x.dtype.kind == "f" else 255)
    note = f"{where} is read as images of {shape}, from 0 to {white:g}"
    if x.ndim == 3 and x.dtype != np.uint8:
        return f"{note}; if they are series, say so with kind (--kind)"
    return note


def guessed_kind(x: Array, where: str) -> Kind:
    """The kind of samples by their shape and values. Errors: InputError where several
    are as likely."""
    check_shape(x, where)
    if x.ndim == 2:
        return "table"
    if x.ndim == 3 and x.shape[2] == 2 < x.shape[1]:
        raise InputError(
            f"{where} has the shape {x.shape}; that may be recordings (times and "
            "inputs of spikes) or series of two steps. Say which with kind (--kind), "
            "events or series"
        )
    if np.isnan(x).all():
        raise InputError(f"{where} holds nothing but NaN; samples must be numbers")
    if x.ndim == 3 and np.isnan(x).any():  # behind the ends of series
        return "series"
    is_positive = x.dtype.kind == "b" or not (x < 0).any()
    if x.dtype.kind in "iub" and is_positive and x.max() <= 255:
        return "image"
    if x.dtype.kind == "f" and is_positive and np.nanmax(x) <= 1 + ABOVE_ONE:
        return "image"
    if x.ndim == 3 and x.dtype.kind == "f":
        return "series"
    raise InputError(
        f"{where} has the shape {x.shape} and values from {np.nanmin(x)} to "
        f"{np.nanmax(x)}; images are integers in 0..255 or floats in 0..1. Say what it "
        f"is with kind (--kind), one of {', '.join(KINDS)}"
    )


def check_kind(kind: str | None) -> None:
    """Errors: InputError for none of `KINDS`."""
    if kind is not None and kind not in KINDS:
        raise InputError(unknown_choice("kind", kind, KINDS))


def array_of(values: Any, where: str) -> Array:
    """Values as an array. Errors: InputError for lists of several lengths."""
    try:
        return np.asarray(_listed(values))
    except ValueError:
        raise InputError(
            f"{where} holds lists of several lengths; allowed are one shape, and for "
            "samples series (channels, length) with as many channels each, series of "
            "one channel with kind series, or recordings, with kind events"
        ) from None


def samples_of(values: Any, where: str, kind: Kind | None) -> Array:
    """Samples as an array: series of several lengths (channels, length) become (n,
    channels, longest) with NaN behind their ends, and with kind series (length,) too.
    Errors: InputError for other lists of several lengths."""
    try:
        return np.asarray(_listed(values))
    except ValueError:
        return _padded(_listed(values), where, kind)


def _listed(values: Any) -> Any:
    """Arrays of objects, which may hold numbers or texts, as lists; masked values as
    NaN."""
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":
        return np.ma.filled(values.astype(np.float64), np.nan)  # and so it is refused
    is_of_objects = isinstance(values, np.ndarray) and values.dtype == object
    return values.tolist() if is_of_objects else values


def _padded(values: Any, where: str, kind: Kind | None) -> Array:
    least = 2 if kind == "series" else 0  # rows may also be a table that lacks a value
    with contextlib.suppress(ValueError, TypeError):
        series = [_real(np.array(one, ndmin=least)) for one in values]
        if {one.ndim for one in series} == {2} and len({*map(len, series)}) == 1:
            longest = max(one.shape[1] for one in series)
            x = np.full((len(series), len(series[0]), longest), np.nan)
            for row, one in zip(x, series, strict=True):
                row[:, : one.shape[1]] = one
            return x
    return array_of(values, where)


def _real(array: Array) -> Array:
    """Numbers as float64. Errors: TypeError for complex ones, and what is no number."""
    if array.dtype.kind == "c":  # numpy would leave their imaginary part out
        raise TypeError
    return array.astype(np.float64)


def check_shape(x: Array, where: str) -> None:
    """Errors: InputError for an array that does not hold samples."""
    if x.ndim < 2 or 0 in x.shape:
        raise InputError(
            f"{where} has the shape {x.shape}; it must be (samples, features), "
            "(samples, height, width) or (samples, channels, length), none of them 0"
        )
    if x.dtype.kind not in "iufb":
        raise InputError(f"{where} holds {x.dtype}; samples must be numbers")


def check_samples(x: Array, where: str, kind: Kind) -> None:
    """Errors: InputError for an array that cannot be of a kind, or has a value that is
    no number."""
    check_shape(x, where)
    if kind == "events":
        raise InputError(f"{where} holds samples; kind must be image, table or series")
    if kind == "series" and x.ndim != 3:
        raise InputError(
            f"{where} has the shape {x.shape}; series are (samples, channels, length)"
        )
    if x.dtype.kind == "f" and not float(np.abs(x).max()) <= LARGEST:
        numbers_of(x, where, kind)


def check_length(labels: Array, n: int, where: str) -> None:
    """Errors: InputError where there is not a label for each sample."""
    if labels.ndim == 0 or len(labels) != n:
        raise InputError(
            f"{where} has the shape {labels.shape}; it must be ({n},), since there are "
            f"{n} samples"
        )


def _scale(x: Array) -> float | None:
    """The value of white in integers of another scale than 0 to 255, else None."""
    if x.dtype.kind == "f" or not 0 < x.max() < DARK:
        return None
    return float(x.max())


def numbers_of(x: Array, where: str, kind: Kind) -> Array:
    """Features as float64; in series, what is missing at the end may be NaN.

    Errors: InputError, naming the first sample with a value that is no number.
    """
    check_shape(x, where)
    with np.errstate(over="ignore"):  # of more than 64 bits
        x = x.astype(np.float64)
    bad = ~(np.abs(x) <= LARGEST)
    if kind == "series" and bad.any():
        ends = np.flip(np.cumprod(np.flip(np.isnan(x), -1), axis=-1), -1).astype(bool)
        together = ends.all(axis=1, keepdims=True)
        bad &= ~together | together.all(axis=2, keepdims=True)  # nothing at all is bad
    if bad.any():
        raise InputError(
            f"{where}: sample {int(np.argwhere(bad)[0, 0])} holds NaN or infinity, or "
            f"goes beyond {LARGEST:g}; allowed are finite numbers"
        )
    return x


def to_bytes(images: Array, where: str, top: float | None = None) -> Array:
    """Pixels as uint8. top: the value of white; None for 255 of integers, 1 of floats.

    Values beyond `top` by rounding, or in later samples, are white. Errors: InputError.
    """
    if images.dtype == np.uint8 and top is None:
        return images
    values = numbers_of(images, where, "image")
    white = top if top is not None else (1.0 if images.dtype.kind == "f" else 255.0)
    beyond = white * (1 + ABOVE_ONE)
    # Rounding, or later samples that are a little brighter; not another scale.
    beyond = beyond if top is None else 2 * top
    if values.min() < 0 or values.max() > beyond:
        raise InputError(
            f"{where}: has pixels from {images.min()} to {images.max()}; allowed are "
            + (
                "0..255 as integers, or 0..1 as floats"
                if top is None
                else f"0..{top:g}, which is the scale of the training part"
            )
        )
    return np.rint(np.minimum(values, white) * (255 / white)).astype(np.uint8)
