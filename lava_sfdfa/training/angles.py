"""How far what the chip's rule asks of a hidden layer points the right way.

The right way is the exact gradient (`reference/gradients.py`); the rule asks for tags
times third factors. Both are taken on the same weights and samples.
"""

import dataclasses
import math

import numpy as np

from lava_sfdfa.chip import protocol
from lava_sfdfa.config import Config
from lava_sfdfa.cosine import cosine
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.quantise import weight_unit
from lava_sfdfa.reference import equations
from lava_sfdfa.reference.gradients import exact_updates
from lava_sfdfa.types import Array

FLOOR = 0.05  # of g - c in units of c: what bounds the exact gradient


def angle(a: Array, b: Array) -> float:
    """The angle between two arrays that are not zero, in degrees."""
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine(a, b)))))


def update_angles(artifact: Artifact, events: Events, labels: Array) -> list[float]:
    """Angle of each hidden layer's update to the exact gradient, in degrees.

    The mean over the samples in which neither is zero; homeostasis is left out, which
    the gradient of the errors does not know. NaN where no sample counts.
    """
    calm = dataclasses.replace(
        artifact.network,
        layers=tuple(
            dataclasses.replace(layer, homeostasis_gain=0)
            for layer in artifact.network.layers
        ),
    )
    n_hidden = calm.n_hidden
    angles: list[list[float]] = [[] for _ in range(n_hidden)]
    for sample in range(len(events)):
        engine = Engine(calm, artifact.rates)
        engine.learn(events, labels, np.array([sample]))
        samples = [engine.sample(number) for number in range(n_hidden + 1)]
        errors = target_errors(artifact.config, samples[-1].counts, labels[sample])
        exact = exact_of(artifact, events, sample, errors)
        for number in range(n_hidden):
            update = samples[number].tags * samples[number].factors[:, None]
            if update.any() and exact[number].any():
                angles[number].append(angle(update, exact[number]))
    return [float(np.mean(one)) if one else math.nan for one in angles]


def exact_of(
    artifact: Artifact, events: Events, sample: int, errors: Array
) -> list[Array]:
    """Exact gradient of the real network that an artifact's integers stand for."""
    config = artifact.config
    weights = [
        layer.weights / weight_unit(config, number)
        for number, layer in enumerate(artifact.network.layers)
    ]
    neurons = real_neurons(config)
    spikes = [input_spikes(events, sample, config.duration_s / config.steps)]
    for matrix, layer in zip(weights, neurons, strict=True):
        spikes.append(equations.run_layer(matrix, layer, spikes[-1], config.duration_s))
    return exact_updates(weights, neurons, spikes, errors, FLOOR)


def target_errors(config: Config, counts: Array, label: int) -> Array:
    """Errors of the outputs, by the loss and the targets of `config`."""
    targets = (config.target_true, config.target_false)
    is_true = np.arange(counts.size) == label
    wanted = np.where(is_true, *targets)
    return protocol.output_errors(counts, wanted, is_true, config.loss == "margin")


def real_neurons(config: Config) -> list[equations.Neurons]:
    """The neurons of all layers in real units."""
    tau, tau_s = config.tau_membrane_s, config.tau_synapse_s
    hidden = equations.Neurons(tau, tau_s, config.threshold_hidden)
    output = equations.Neurons(tau, tau_s, config.threshold_output)
    return [hidden] * len(config.hidden) + [output]


def input_spikes(events: Events, sample: int, step_s: float) -> equations.Spikes:
    """The input of a sample as spikes in seconds."""
    inputs = events.inputs_of(sample).astype(np.int64)
    return equations.Spikes(events.steps_of(sample) * step_s, inputs)
