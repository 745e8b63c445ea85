"""Recordings of one's own in memory: lists of samples, or data sets of tonic."""

import math
from typing import Any

from lava_sfdfa.data.formats.arrays import NAME, SAMPLE_ARRAYS
from lava_sfdfa.data.formats.events import EventPart, dataset_of_events, gathered
from lava_sfdfa.data.reading import Reading, array_of
from lava_sfdfa.data.recordings import inputs_of
from lava_sfdfa.data.samples import Dataset, Recordings
from lava_sfdfa.data.spikes import (
    check_list,
    is_of_sensor,
    recording_of,
    recordings_of,
    shape_of,
)
from lava_sfdfa.errors import InputError


def is_tonic(data: Any) -> bool:
    """Whether data is a data set of tonic: events and labels by number."""
    return all(
        hasattr(data, name) for name in ("sensor_size", "__len__", "__getitem__")
    )


def load_tonic(data: tuple[Any, ...], reading: Reading | None = None) -> Dataset:
    """Data sets of tonic: one, of which a fifth is held out as the test part, or
    training and test. reading: as in `load_arrays`. Errors: InputError."""
    shape = _shape(reading) if reading else _sensor(data[0])
    parts = [_of_tonic(part, shape, f"data[{n}]") for n, part in enumerate(data)]
    return dataset_of_events(NAME, shape, parts, reading)


def tonic_samples(data: Any, reading: Reading) -> Recordings:
    """All samples of a data set of tonic, for a network. Errors: InputError."""
    shape = _shape(reading)
    return gathered(_of_tonic(data, shape, "data"), reading, math.prod(shape))


def load_event_lists(data: tuple[Any, ...], reading: Reading | None = None) -> Dataset:
    """Recordings as in `spikes`: x and y, of which a fifth is held out as the test
    part, or x_train, y_train, x_test and y_test. Errors: InputError."""
    if len(data) not in (2, 4):
        raise InputError(
            f"data has {len(data)} entries; recordings must be (x, y), or (x_train, "
            "y_train, x_test, y_test)"
        )
    names = SAMPLE_ARRAYS if len(data) == 4 else ("x", "y")
    given = dict(zip(names, data, strict=True))
    for name in names[::2]:
        check_list(given[name], f"data: {name}")
    shape = _shape(reading) if reading else shape_of(data[0], f"data: {names[0]}")
    parts = [
        EventPart(
            recordings_of(given[x], shape, f"data: {x}"),
            array_of(given[y], f"data: {y}"),
            f"data: {y}",
        )
        for x, y in zip(names[::2], names[1::2], strict=True)
    ]
    return dataset_of_events(NAME, shape, parts, reading)


def _shape(reading: Reading) -> tuple[int, ...]:
    """The shape that a network takes. Errors: InputError for one of no recordings."""
    if reading.kind != "events":
        raise InputError(
            f"data holds recordings; the network was trained on {reading.kind} samples"
        )
    return reading.shape


def _sensor(data: Any) -> tuple[int, ...]:
    """The shape of inputs, from tonic's (width, height, polarities)."""
    sizes = data.sensor_size
    if not isinstance(sizes, (tuple, list)) or len(sizes) != 3:
        raise InputError(
            f"data: sensor_size is {sizes!r}; it must be (width, height, polarities)"
        )
    return inputs_of(sizes[::-1], "data: sensor_size")


def _of_tonic(data: Any, shape: tuple[int, ...], where: str) -> EventPart:
    """Each sample is read once and only its spikes are kept, since a whole data set of
    structured arrays is larger than most memories."""
    recordings, labels = [], []
    for number in range(len(data)):
        events, label = data[number]
        if not is_of_sensor(events):
            raise InputError(
                f"{where}, sample {number}: the events are a {type(events).__name__}; "
                "they must be a structured array; leave out a transform that makes "
                "frames"
            )
        recordings.append(recording_of(events, shape, f"{where}, sample {number}"))
        labels.append(label)
    where_y = f"{where}, labels"
    return EventPart(recordings, array_of(labels, where_y), where_y)
