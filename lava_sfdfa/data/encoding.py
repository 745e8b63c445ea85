"""From samples to spikes: the latency code of images, the time bins of recordings,
and the event format of the engine."""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.config import Config
from lava_sfdfa.data.events import Events, index_type, offsets_of
from lava_sfdfa.data.samples import Images, Recordings, Samples
from lava_sfdfa.types import Array


def encode_latency(images: Array, window_steps: int) -> Events:
    """One spike for each non-zero pixel; the brighter, the earlier.

    images: (n, n_inputs) uint8; pixel value p spikes in step
    `(255 - p) * window_steps // 255`, zero never. The code of Bacho & Chu (arXiv
    2403.08804, settings of their experiments), on a grid of steps.
    """
    step_of = (255 - np.arange(256)) * window_steps // 255
    step_of[0] = window_steps  # behind the window: silent
    images = np.ascontiguousarray(images)
    counts = _count(images, step_of, window_steps)
    offset = offsets_of(counts)
    index: Array = np.empty(offset[-1], index_type(images.shape[1]))
    _sort(images, step_of, counts, offset, index)
    return Events(index, counts, offset, images.shape[1])


@disk_cached
def _count(images: Array, step_of: Array, window_steps: int) -> Array:
    """Spikes of every image in every step of the window: int32 (n, window_steps)."""
    counts = np.zeros((len(images), window_steps), np.int32)
    for sample in range(len(images)):
        for value in images[sample]:
            if step_of[value] < window_steps:
                counts[sample, step_of[value]] += 1
    return counts


@disk_cached
def _sort(
    images: Array, step_of: Array, counts: Array, offset: Array, index: Array
) -> None:
    """Write the pixels of every image in the order of their steps to `index`."""
    window_steps = counts.shape[1]
    place = np.empty(window_steps, np.int64)  # of the next spike of a step
    for sample in range(len(images)):
        place[0] = offset[sample]
        for step in range(1, window_steps):
            place[step] = place[step - 1] + counts[sample, step - 1]
        for pixel, value in enumerate(images[sample]):
            step = step_of[value]
            if step < window_steps:
                index[place[step]] = pixel
                place[step] += 1


def bin_recordings(
    samples: Recordings, recording_us: int, bins: int, least: int, window_steps: int
) -> Events:
    """One spike where an input has events in a bin of time.

    recording_us: what is shown of a recording, cut into `bins` equal bins; later
    events are left out. An input spikes once for each bin in which it has `least`
    events or more; bin b is step `b * window_steps // bins`.
    """
    counts = np.zeros((len(samples), window_steps), np.int32)
    pieces = [np.zeros(0, samples.index.dtype)]
    for sample in range(len(samples)):
        own = slice(samples.offset[sample], samples.offset[sample + 1])
        time_us = samples.time_us[own].astype(np.int64)
        place = time_us * bins // recording_us * samples.n_inputs + samples.index[own]
        places, n_events = np.unique(place[time_us < recording_us], return_counts=True)
        places = places[n_events >= least]
        steps = places // samples.n_inputs * window_steps // bins
        counts[sample] = np.bincount(steps, minlength=window_steps)
        pieces.append((places % samples.n_inputs).astype(samples.index.dtype))
    offset = offsets_of(counts)
    return Events(np.concatenate(pieces), counts, offset, samples.n_inputs)


@dataclass(frozen=True)
class Part:
    """A part of a data set as spikes."""

    events: Events
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)


def encode(samples: Samples, config: Config) -> Part:
    """Samples as input spikes: images by the latency code, recordings in bins."""
    if isinstance(samples, Images):
        events = encode_latency(samples.images, config.window_steps)
    else:
        recording_us = round(config.recording_s * 1e6)
        bins, least = config.bins, config.bin_events
        events = bin_recordings(samples, recording_us, bins, least, config.window_steps)
    return Part(events, samples.labels)
