"""Recordings of one's own as a data set."""

import dataclasses
import math
from typing import NamedTuple

from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.formats.arrays import TEST_SHARE
from lava_sfdfa.data.reading import Reading, check_length
from lava_sfdfa.data.samples import Dataset, Recordings, choose_test, gather, split
from lava_sfdfa.types import Array


class EventPart(NamedTuple):
    """A part: recordings as `recording` gives them, their labels, and what messages
    call the labels."""

    recordings: list[tuple[Array, Array]]
    labels: Array
    where_y: str


def dataset_of_events(
    name: str, shape: tuple[int, ...], parts: list[EventPart], reading: Reading | None
) -> Dataset:
    """A data set of recordings: of one part, a fifth is held out as the test part.

    reading: of a network that shall take them, or None, where classes are those of the
    training part. Errors: InputError.
    """
    for part in parts:
        check_length(part.labels, len(part.recordings), part.where_y)
    if len(parts) == 1:
        stay, held = choose_test(len(parts[0].recordings), TEST_SHARE)
        parts = [_take(parts[0], stay), _take(parts[0], held)]
    if reading is None:
        classes = Classes.of(parts[0].labels, parts[0].where_y)
        notes = (classes.note,) if classes.note else ()
        reading = Reading("events", shape, classes, notes=notes)
    train, test = (gathered(part, reading, math.prod(shape)) for part in parts)
    n_classes = max(2, len(reading.classes.names))
    whole = split(name, shape, n_classes, train, test)
    return dataclasses.replace(whole, reading=reading)


def gathered(part: EventPart, reading: Reading, n_inputs: int) -> Recordings:
    """A part with the numbers of its classes. Errors: InputError for unknown ones."""
    labels = reading.classes.numbers(part.labels, part.where_y)
    return gather(iter(part.recordings), labels, n_inputs)


def _take(part: EventPart, chosen: Array) -> EventPart:
    recordings = [part.recordings[number] for number in chosen]
    return EventPart(recordings, part.labels[chosen], part.where_y)
