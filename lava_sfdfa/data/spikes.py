"""Recordings as Python holds them: events of a sensor, or the times of spikes.

A recording is one of three:
* a structured array with the fields t (microseconds) and x, and maybe y and p, as tonic
  gives it;
* an array (n, 2), in each row the time of a spike in seconds, and its input;
* a list with the spike times of each input, in seconds.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lava_sfdfa.data.recordings import inputs_of, numbers, recording, whole_numbers
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

AXES = ("p", "y", "x")  # of a sensor; the last varies fastest from input to input


def is_of_sensor(sample: Any) -> bool:
    """Whether a recording is a structured array."""
    return isinstance(sample, np.ndarray) and sample.dtype.names is not None


def are_of_sensor(samples: Any) -> bool:
    """Whether the first of some samples is a structured array."""
    is_list = isinstance(samples, (list, tuple, np.ndarray)) and len(samples) > 0
    return is_list and is_of_sensor(samples[0])


def shape_of(samples: Sequence[Any], where: str) -> tuple[int, ...]:
    """The shape of inputs that training samples need. Errors: InputError."""
    first = samples[0]
    if is_of_sensor(first):
        shape = [
            _size(_field(sample, axis, where) for sample in samples) for axis in AXES
        ]
    elif _is_of_pairs(first):
        shape = [_size(_pairs(sample, where)[:, 1] for sample in samples)]
    else:
        shape = [len(_trains(first, where))]
    return inputs_of(shape, f"{where}: the shape of the inputs")


def check_list(samples: Any, where: str) -> None:
    """Errors: InputError for what is no list of recordings."""
    if not isinstance(samples, (list, tuple, np.ndarray)) or not len(samples):
        raise InputError(
            f"{where} is {'empty' if hasattr(samples, '__len__') else 'no list'}; it "
            "must be a list of recordings"
        )


def recordings_of(
    samples: Sequence[Any], shape: tuple[int, ...], where: str
) -> list[tuple[Array, Array]]:
    """Samples, each as `recording` gives it. Errors: InputError."""
    return [
        recording_of(sample, shape, f"{where}, sample {number}")
        for number, sample in enumerate(samples)
    ]


def recording_of(
    sample: Any, shape: tuple[int, ...], where: str
) -> tuple[Array, Array]:
    """A sample as `recording` gives it. shape: of the inputs. Errors: InputError."""
    n_inputs = math.prod(shape)
    if is_of_sensor(sample):
        times, unit_us = _field(sample, "t", where), 1.0
        inputs = _places(sample, shape, where)
    elif _is_of_pairs(sample):
        pairs = _pairs(sample, where)
        times, inputs, unit_us = pairs[:, 0], pairs[:, 1], 1e6
    else:
        trains = _trains(sample, where)
        if len(trains) != n_inputs:
            raise InputError(
                f"{where} has spike times of {len(trains)} inputs; it must have those "
                f"of {n_inputs}"
            )
        times = np.concatenate([np.zeros(0), *trains])
        inputs, unit_us = np.repeat(np.arange(n_inputs), list(map(len, trains))), 1e6
    return recording(times, inputs, n_inputs, unit_us, where)


def _places(sample: Array, shape: tuple[int, ...], where: str) -> Array:
    """The input of each event of a sensor."""
    sizes = (1, 1, 1, *shape)[-3:]
    place = np.zeros(len(sample), np.int64)
    for axis, size in zip(AXES, sizes, strict=True):
        place *= size
        if axis != "p" or size > 1:  # one polarity may have any number
            place += whole_numbers(_field(sample, axis, where), size, axis, where)
    return place


def _field(sample: Any, name: str, where: str) -> Array:
    """A field of a structured array; y and p are 0 where it lacks them."""
    if not is_of_sensor(sample):
        raise InputError(
            f"{where}: some samples are structured arrays and some are not; allowed is "
            "one kind"
        )
    names = sample.dtype.names
    if name in names:
        return numbers(sample[name], f"{where}, field {name}")
    if name in ("y", "p"):
        return np.zeros(len(sample))
    raise InputError(
        f"{where} lacks the field {name}; it has {', '.join(names)}, and must have t "
        "and x, and may have y and p"
    )


def _is_of_pairs(sample: Any) -> bool:
    return isinstance(sample, np.ndarray) and sample.ndim == 2


def _pairs(sample: Any, where: str) -> Array:
    if not _is_of_pairs(sample) or sample.shape[1] != 2:
        found = f"the shape {sample.shape}" if hasattr(sample, "shape") else "no shape"
        raise InputError(
            f"{where} has {found}; a recording as an array is (spikes, 2), in each row "
            "a time in seconds and an input"
        )
    return np.stack([numbers(column, where) for column in sample.T], axis=1)


def _trains(sample: Any, where: str) -> list[Array]:
    if not isinstance(sample, (list, tuple, np.ndarray)):
        raise InputError(
            f"{where} is a {type(sample).__name__}; a recording is a structured array "
            "with t and x, an array (spikes, 2) of times and inputs, or a list of the "
            "spike times of each input"
        )
    return [
        numbers(train, f"{where}, input {number}")
        for number, train in enumerate(sample)
    ]


def _size(parts: Iterable[Array]) -> float:
    """One more than the largest number."""
    return max((part.max() for part in parts if part.size), default=0) + 1
