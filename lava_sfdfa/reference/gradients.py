"""Exact gradients of a whole network: the truth that the rule is held against.

They need what no chip has: derivatives of every spike with respect to every weight
(forward), or the transposed weights and the stored spikes of all layers (backward).
"""

import math

import numpy as np

from lava_sfdfa.reference.equations import (
    EXACT,
    Neurons,
    Spikes,
    current,
    eligibility,
    run_layer,
    slope,
)
from lava_sfdfa.types import Array


def exact_updates(
    weights: list[Array],
    layers: list[Neurons],
    spikes: list[Spikes],
    errors: Array,
    floor: float = 0.0,
) -> list[Array]:
    """What the errors of the outputs ask of every weight, by the chain rule backward.

    The derivative of `sum_o errors_o * (-sum_k t_ok)`: as in the rule, earlier spikes
    of an output stand for more of them. spikes: of the input and of all layers;
    floor: the smallest g - c, in units of c, that an eligibility is divided by. Returns
    float64 (n_post, n_pre) for each layer.
    """
    updates: list[Array] = []
    earlier = errors[spikes[-1].neurons].astype(float)  # wish of each spike, 1/s
    for number in range(len(weights) - 1, -1, -1):
        matrix, neurons, inputs = weights[number], layers[number], spikes[number]
        update, passed = np.zeros(matrix.shape), np.zeros(len(inputs.times))
        for post in range(len(matrix)):
            rows = np.flatnonzero(spikes[number + 1].neurons == post)
            times = spikes[number + 1].times[rows]
            one = eligibility(matrix[post], neurons, inputs, times, EXACT, floor)
            update[post] = earlier[rows] @ one
            moved = input_derivatives(matrix[post], neurons, inputs, times, floor)
            passed += earlier[rows] @ moved
        updates.append(update)
        earlier = passed
    return updates[::-1]


def forward_gradients(
    weights: list[Array], layers: list[Neurons], inputs: Spikes, end: float
) -> tuple[list[Spikes], list[Array]]:
    """Spikes of all layers, and the exact derivative of every spike time of the last
    with respect to every weight of the network.

    Forward propagation through all layers (Lee et al., arXiv 2210.15415): derivatives
    are carried along with the spikes; nothing is stored for a way back. For small
    networks: the cost is the number of spikes times the number of weights. Returns a
    list with an entry a layer: float64 (n_spikes_of_the_last, n_post, n_pre).
    """
    spikes_of: list[Spikes] = []
    carried: list[Array] = []  # dt / dw of each earlier layer, for `inputs`
    for matrix, neurons in zip(weights, layers, strict=True):
        outputs = run_layer(matrix, neurons, inputs, end)
        n_post, n_pre = matrix.shape
        new = [np.zeros((len(outputs.times), *one.shape[1:])) for one in carried]
        own = np.zeros((len(outputs.times), n_post, n_pre))
        for post in range(n_post):
            rows = np.flatnonzero(outputs.neurons == post)
            times = outputs.times[rows]
            earlier = -eligibility(matrix[post], neurons, inputs, times, EXACT)
            own[rows, post] = earlier
            moved = input_derivatives(matrix[post], neurons, inputs, times)
            for before, after in zip(carried, new, strict=True):
                after[rows] = np.tensordot(moved, before, axes=1)
        carried = [*new, own]
        spikes_of.append(outputs)
        inputs = outputs
    return spikes_of, carried


def input_derivatives(
    weights: Array,
    neurons: Neurons,
    inputs: Spikes,
    spikes: Array,
    floor: float = 0.0,
) -> Array:
    """dt_k / dt_n: how a neuron's spikes move with its input spikes; (n_k, n_n).

    The same recursion as for a weight: an input spike that comes later changes u by
    the derivative of its response, and earlier spikes of the neuron carry it on.
    """
    jumps, last = np.zeros(len(inputs.times)), 0.0
    derivatives = np.zeros((len(spikes), len(inputs.times)))
    for number, t in enumerate(spikes):
        age = t - inputs.times
        kernel = np.exp(-age / neurons.tau) / neurons.tau
        kernel -= np.exp(-age / neurons.tau_s) / neurons.tau_s
        moved = np.where(age > 0, neurons.gain * weights[inputs.neurons] * kernel, 0.0)
        jumps *= math.exp(-(t - last) / neurons.tau)
        v = moved + jumps
        denominator = slope(current(t, weights, inputs, neurons), neurons, EXACT, floor)
        derivatives[number] = -neurons.tau * v / denominator
        jumps += v * neurons.threshold / denominator
        last = t
    return derivatives
