"""The latency code."""

import numpy as np

from lava_sfdfa.data.encoding import bin_recordings, encode_latency
from lava_sfdfa.data.samples import Recordings


def test_brighter_is_earlier_and_zero_is_silent():
    """Hand-worked for a window of 32 steps: step (255 - p) * 32 // 255."""
    images = np.array([[0, 255, 128, 1, 254, 247]], np.uint8)
    events = encode_latency(images, 32)
    spikes = events.dense(0, 40)
    steps = {pixel: np.flatnonzero(spikes[:, pixel]).tolist() for pixel in range(6)}
    assert steps == {0: [], 1: [0], 2: [15], 3: [31], 4: [0], 5: [1]}


def test_one_spike_for_each_pixel_in_the_order_of_steps():
    rng = np.random.RandomState(0)
    images = rng.randint(256, size=(2500, 30)).astype(np.uint8)
    images[7] = 0
    events = encode_latency(images, 16)
    assert len(events) == 2500 and events.n_inputs == 30
    for sample in (0, 7, 999, 1000, 2499):  # pieces of 1,000 are encoded at a time
        spikes = events.dense(sample, 16)
        np.testing.assert_array_equal(spikes.sum(axis=0), images[sample] > 0)
        when = spikes.argmax(axis=0)[images[sample] > 0]
        brightness = images[sample][images[sample] > 0].astype(int)
        np.testing.assert_array_equal(when, (255 - brightness) * 16 // 255)
    assert events.counts[7].sum() == 0
    assert events.offset[-1] == len(events.index) == (images > 0).sum()


def test_no_samples_are_no_events():
    events = encode_latency(np.zeros((0, 5), np.uint8), 8)
    assert len(events) == 0 and len(events.index) == 0


def test_recordings_are_binned_in_time():
    """By hand: 100 us shown, 5 bins of 20 us, on 10 steps: bin b is step 2 b."""
    time_us = np.array([0, 5, 19, 20, 99, 100, 45, 45], np.int32)
    index = np.array([3, 3, 1, 3, 0, 2, 2, 2], np.uint16)
    offset = np.array([0, 6, 6, 8])
    samples = Recordings(time_us, index, offset, np.zeros(3, np.int64), 4)
    events = bin_recordings(samples, 100, 5, 1, 10)
    spikes = [events.dense(number, 10) for number in range(3)]
    found = [
        list(zip(*map(list, np.nonzero(matrix)), strict=True)) for matrix in spikes
    ]
    assert found == [[(0, 1), (0, 3), (2, 3), (8, 0)], [], [(4, 2)]]
    # With two events as the least, single events are noise.
    events = bin_recordings(samples, 100, 5, 2, 10)
    assert events.index.tolist() == [3, 2] and events.counts.sum() == 2
    assert events.offset.tolist() == [0, 1, 1, 2]
