"""A spiking network in real units: what a user designs, before any chip."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Config
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array


@dataclass(frozen=True)
class Layer:
    """Leaky integrate-and-fire neurons and the plastic synapses into them.

    In a paper's terms (Bacho & Chu, arXiv 2403.08804, eq. 1), between spikes
    `tau u' = -u + g`, `tau_s g' = -g`; an input spike adds its weight to g, and at
    `u = threshold` the neuron spikes and u returns to zero.
    """

    weights: Array  # (n_post, n_pre) float64
    threshold: float  # c, in units of the weights
    tau_synapse_s: float
    tau_membrane_s: float

    @property
    def n_pre(self) -> int:
        """Inputs of the layer."""
        return self.weights.shape[1]

    @property
    def n_post(self) -> int:
        """Neurons of the layer."""
        return self.weights.shape[0]


@dataclass(frozen=True)
class Network:
    """Layers in the order of the data, and how long they see a sample.

    `feedback[l]` leads from the errors of the outputs to hidden layer l, in units
    of the weights; shape (n_hidden, n_outputs).
    """

    layers: tuple[Layer, ...]
    feedback: tuple[Array, ...]
    steps: int
    duration_s: float

    def __post_init__(self):
        for number, (layer, after) in enumerate(pairwise(self.layers)):
            if layer.n_post != after.n_pre:
                raise InputError(
                    f"layer {number} has {layer.n_post} neurons, but layer "
                    f"{number + 1} takes {after.n_pre} inputs; they have to be equal"
                )
        for number, matrix in enumerate(self.feedback):
            shape = (self.layers[number].n_post, self.layers[-1].n_post)
            if matrix.shape != shape:
                raise InputError(
                    f"the feedback to layer {number} has the shape {matrix.shape}; "
                    f"it has to be {shape} (hidden neurons, outputs)"
                )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each hidden layer, outputs."""
        return (self.layers[0].n_pre, *(layer.n_post for layer in self.layers))

    @property
    def step_s(self) -> float:
        """Length of a time step in seconds."""
        return self.duration_s / self.steps


def uniform(seed: int, purpose: int, layer: int, shape: tuple[int, int]) -> Array:
    """Uniform numbers in [-1, 1): the same on every machine, for ever.

    shape: of the result, float64. One counter-based draw for each element, so
    that no library's generator can change an artifact.
    """
    bits = random.draw_many(seed, purpose, layer, 0, math.prod(shape))
    return bits.reshape(shape) / 2**31 - 1.0


def build_network(config: Config, n_inputs: int, n_classes: int) -> Network:
    """A new network with random weights, as `config` describes it.

    Initial weights are uniform, those of the inputs around a mean, so that few
    inputs can make every neuron spike at first; feedback weights start at zero where
    they are learned, and are uniform where they are fixed. (Settings of the SFDFA
    authors, whose mean is zero.)
    """
    sizes = (n_inputs, *config.hidden, n_classes)
    layers, feedback = [], []
    for number, (n_pre, n_post) in enumerate(pairwise(sizes)):
        is_output = number == len(config.hidden)
        draw = uniform(config.seed, random.WEIGHT_INIT, number, (n_post, n_pre))
        mean = config.input_weight_mean if number == 0 else 0.0
        layers.append(
            Layer(
                weights=config.weight_init * draw + mean,
                threshold=(
                    config.threshold_output if is_output else config.threshold_hidden
                ),
                tau_synapse_s=config.tau_synapse_s,
                tau_membrane_s=config.tau_membrane_s,
            )
        )
        if not is_output:
            shape = (n_post, n_classes)
            fixed = uniform(config.seed, random.FEEDBACK_INIT, number, shape)
            feedback.append(fixed if config.feedback == "random" else np.zeros(shape))
    return Network(tuple(layers), tuple(feedback), config.steps, config.duration_s)
