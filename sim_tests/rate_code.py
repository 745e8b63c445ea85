"""MNIST as the tutorial of `trained_mnist_network.net` shows it, and that network in
lava-dl's integers."""

import h5py
import numpy as np

from lava_sfdfa.data.events import Events

PART = 500  # samples at a time


def rate_code(images, steps):
    """Spikes of images: bool (n, steps, n_pixels). A pixel adds its share of 255 in
    every step; above 1 it spikes and returns to 0 (R. Gaurav, mnist-on-loihi)."""
    share = images.reshape(len(images), -1) / 255
    v, spikes = (
        np.zeros_like(share),
        np.zeros((len(share), steps, share.shape[1]), bool),
    )
    for step in range(steps):
        v = v + share
        spikes[:, step] = v > 1
        v[spikes[:, step]] = 0
    return spikes


def all_events(spikes):
    """The same for the engine."""
    counts = spikes.sum(axis=2, dtype=np.int32)
    index = np.nonzero(spikes)[2].astype(np.uint16)
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1, dtype=np.int64))])
    return Events(index, counts, offset, spikes.shape[2])


def of_numpy(path, spikes):
    """Output spikes of a netx file of dense layers, with its own weights of 9 bits:
    bool (n, steps, n_out)."""
    with h5py.File(path) as file:
        layers = [
            (
                group["weight"][()],
                int(group["neuron/iDecay"][()]),
                int(group["neuron/vDecay"][()]),
                int(group["neuron/vThMant"][()]),
            )
            for group in (file[f"layer/{n}"] for n in range(len(file["layer"])))
        ]
    parts = [spikes[i : i + PART] for i in range(0, len(spikes), PART)]
    return np.concatenate([_through(layers, part) for part in parts])


def _through(layers, spikes):
    for weight, i_decay, v_decay, vth in layers:
        n, steps, _ = spikes.shape
        u = np.zeros((n, len(weight)), np.int64)
        v, arrived = np.zeros_like(u), np.zeros_like(u)
        sent = np.zeros((n, steps, len(weight)), bool)
        for step in range(steps):
            u = np.sign(u) * (abs(u) * (4096 - i_decay) // 4096) + 64 * arrived
            v = np.sign(v) * (abs(v) * (4096 - v_decay) // 4096) + u
            sent[:, step] = v > 64 * vth
            v[sent[:, step]] = 0
            arrived = (spikes[:, step].astype(np.float32) @ weight.T).astype(np.int64)
        spikes = sent
    return spikes
