"""Small networks and spikes that many tests share."""

import dataclasses

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import encode_latency
from lava_sfdfa.data.events import Events
from lava_sfdfa.data.samples import Dataset, Recordings, split
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network


def small_config(**changes) -> Config:
    """A configuration in which a handful of neurons spikes and learns much."""
    values = {
        "hidden": (12,),
        "steps": 24,
        "learning_rate": 0.3,
        "lower_rate": 0.5,
        "weight_init": 1.5,
        "homeostasis": 4.0,
        "threshold_hidden": 0.1,
        "threshold_output": 0.05,
        "target_true": 6,
        "target_false": 1,
        **changes,
    }
    return Config(**values)


def quiet_config(**changes) -> Config:
    """One in which many hidden neurons hardly ever spike, and are woken."""
    return small_config(**{"threshold_hidden": 0.8, **changes})


def small_network(
    config: Config, n_inputs: int = 20, n_classes: int = 3
) -> FixedNetwork:
    return quantise(build_network(config, n_inputs, n_classes), config)


def random_samples(
    config: Config, n_samples: int, n_inputs: int = 20, n_classes: int = 3
) -> tuple[Events, np.ndarray]:
    """Random images as events, and labels that they determine."""
    rng = np.random.RandomState(config.seed + 100)
    labels = rng.randint(n_classes, size=n_samples)
    on = rng.rand(n_classes, n_inputs) < 0.6
    images = rng.randint(1, 256, size=(n_samples, n_inputs)) * on[labels]
    return encode_latency(images.astype(np.uint8), config.window_steps), labels


def bursts(n=240, n_inputs=60, seconds=2.0, n_events=300) -> Dataset:
    """Recordings in which each class has bursts of other inputs at other times."""
    rng = np.random.RandomState(1)
    y = np.arange(n) % 4
    begin = rng.rand(4, n_inputs) * 0.8 * seconds
    index = rng.randint(n_inputs, size=(n, n_events))
    times = begin[y[:, None], index] + rng.rand(n, n_events) * 0.1 * seconds
    order = np.argsort(times, axis=1)
    time_us = np.take_along_axis(times, order, 1) * 1e6
    index = np.take_along_axis(index, order, 1)
    offset = np.arange(n + 1) * n_events
    whole = Recordings(
        time_us.ravel().astype(np.int32), index.ravel(), offset, y, n_inputs
    )
    part = whole.take(np.arange(0, 180)), whole.take(np.arange(180, n))
    return split("bursts", (n_inputs,), 4, *part)


# --- frozen layers ----------------------------------------------------------------


def frozen_conv(seed: int, input_shape, n_out: int, size, **changes) -> FrozenLayer:
    """A convolution with random weights, and biases, of which much spikes. size: rows
    and columns of its kernel."""
    rng = np.random.RandomState(seed)
    shape = (n_out, *size, input_shape[2] // changes.get("groups", 1))
    values = {
        "kernel": rng.randint(-60, 128, size=shape).astype(np.int8),
        "input_shape": input_shape,
        "du": 600,
        "dv": 200,
        "vth": 300,
        "bias": (rng.randint(-30, 60, size=n_out) * 8).astype(np.int32),
        **changes,
    }
    return FrozenLayer(**values)


def frozen_dense(seed: int, n_pre: int, n_post: int) -> FrozenLayer:
    rng = np.random.RandomState(seed)
    weights = rng.randint(-60, 128, size=(n_post, n_pre)).astype(np.int8)
    bias = rng.randint(-500, 500, size=n_post).astype(np.int32)
    return dense_layer(weights, 500, 100, 400, bias)


def network_above(
    config: Config, front: tuple[FrozenLayer, ...], n_classes: int = 3
) -> FixedNetwork:
    """A small network with frozen layers below it, and biases in all its layers."""
    network = small_network(config, front[-1].n_post, n_classes)
    rng = np.random.RandomState(config.seed)
    layers = tuple(
        dataclasses.replace(
            layer,
            bias=rng.randint(-layer.vth, 2 * layer.vth, layer.n_post).astype(np.int32),
        )
        for layer in network.layers
    )
    return dataclasses.replace(network, layers=layers, front=front)
