"""From samples to spikes: the latency code of images, the time bins of recordings,
and the event format of the engine."""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.events import Events
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
    kind = np.uint16 if images.shape[1] <= 2**16 else np.int32
    counts = np.zeros((len(images), window_steps), np.int32)
    pieces = []
    for begin in range(0, len(images), 1000):  # bounds the memory of the sort
        steps = step_of[images[begin : begin + 1000]].astype(np.uint16)
        order = np.argsort(steps, axis=1, kind="stable")
        n_spikes = (steps < window_steps).sum(axis=1)
        chosen = np.arange(images.shape[1]) < n_spikes[:, None]
        pieces.append(order[chosen].astype(kind))
        place = np.arange(len(steps))[:, None] * (window_steps + 1) + steps
        found = np.bincount(place.ravel(), minlength=len(steps) * (window_steps + 1))
        counts[begin : begin + 1000] = found.reshape(len(steps), -1)[:, :window_steps]
    index = np.concatenate(pieces) if pieces else np.zeros(0, kind)
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1, dtype=np.int64))])
    return Events(index, counts, offset, images.shape[1])


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
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1, dtype=np.int64))])
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
