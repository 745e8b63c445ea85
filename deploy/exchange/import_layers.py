"""Make the layers of another tool an artifact that learns on the chip rule.

The dense layers at the end learn; those before them stay as they are. The integers are
kept. What a foreign file does not hold (the rule, the feedback
weights, the encoding) comes from a data set's configuration, in units in which the
first layer has the threshold of that configuration: then its learning rate fits.
"""

import dataclasses
import math

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import RATE_BITS
from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.exchange.use_alone import Layers, for_use_alone, split
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.frozen import FrozenLayer, dense_weights
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import Layer, Network
from lava_sfdfa.types import Array

N_PROBED = 200  # training samples that show how much each neuron fires


def import_layers(layers: Layers, config: Config, data: Dataset) -> Artifact:
    """An artifact without training, of the layers of another tool; the last is dense.

    config: its `hidden` has to name the hidden layers that learn; thresholds, time
    constants, the limits of weights and `target_rate` are set from the layers. Neurons
    shall go on to fire as they do on `data`, which sets the target of homeostasis.
    Where the rule cannot be built, the network is for use alone and says why in
    `no_rule`. Errors: InputError where the data do not fit.
    """
    _check_sizes(layers, data)
    try:
        return _learning(layers, config, data)
    except InputError as error:
        return for_use_alone(layers, config, data, str(error))


def fits(layers: Layers, data: Dataset) -> bool:
    """Whether the layers take the samples of a data set and tell its classes."""
    n_in, n_out = layers[0].n_pre, layers[-1].n_post
    return n_in == math.prod(data.shape) and n_out >= data.n_classes


def _learning(layers: Layers, config: Config, data: Dataset) -> Artifact:
    """The artifact with its rule. Errors: InputError where that cannot be built."""
    front, dense = split(layers)
    _check_learnable(front, dense, config.steps)
    if not config.hidden:  # outputs alone learn nothing from silence by the margin
        config = dataclasses.replace(config, loss="count")
    config = _in_units_of(dense, config)
    network = _with_rule(front, dense, config)
    rates = _firing(network, config, data)
    if rates:
        mean = float(np.mean(np.concatenate(rates)) / 2**RATE_BITS)
        config = dataclasses.replace(config, target_rate=mean)
    return Artifact(
        config=config,
        data_digest=data.digest,
        shape=data.shape,
        network=_with_rule(front, dense, config),
        rates=rates,
        n_learned=0,
        record={},
        provenance={"dataset": data.source},
        reading=data.reading,
    )


def _check_sizes(layers: Layers, data: Dataset) -> None:
    if not fits(layers, data):
        n_in, n_out = layers[0].n_pre, layers[-1].n_post
        raise InputError(
            f"the network has {n_in} inputs and {n_out} outputs, but {data.name} has "
            f"{math.prod(data.shape)} pixels and {data.n_classes} classes; name the "
            "data set that it is for with --dataset"
        )


def _check_learnable(front: Layers, layers: Layers, steps: int) -> None:
    """Errors: InputError for what the rule cannot learn."""
    if len(layers) < 2 and not front:
        raise InputError(
            "it has one layer; the rule learns two or more, hidden neurons and "
            "outputs, or one behind frozen layers; train others above it with --front"
        )
    if layers[-1].vth == widths.THRESHOLD.maximum:
        raise InputError(
            "its outputs never spike; the rule learns from how often they do; end the "
            "network with neurons that spike"
        )
    for number, layer in enumerate(layers):
        slow, fast = _seen_taus(layer, steps)
        if slow == fast:
            raise InputError(
                f"layer {number} has du {layer.du} and dv {layer.dv}, by which u and v "
                f"decay equally within {steps} steps; the rule learns from the "
                "difference of the two"
            )
        if layer.vth == 0:
            raise InputError(
                f"layer {number} has the threshold 0; the rule needs one above"
            )


def _taus(layer: FrozenLayer) -> tuple[float, float]:
    """Time constants in steps, the longer first: the rule's two traces are the filters
    of u and v, and their order does not change what the membrane sees of a spike.
    Half a unit of decay stands for none, and for all but half of all."""
    shares = np.array([layer.du + 1, layer.dv]) / 2**widths.DECAY_BITS
    edge = 0.5 / 2**widths.DECAY_BITS
    taus = -1.0 / np.log1p(-np.clip(shares, edge, 1 - edge))
    return float(taus.max()), float(taus.min())


def _seen_taus(layer: FrozenLayer, steps: int) -> tuple[float, float]:
    """The same as far as a sample can show them: nothing decays for longer."""
    slow, fast = _taus(layer)
    return min(slow, steps), min(fast, steps)


def _in_units_of(layers: Layers, config: Config) -> Config:
    """`config` with time constants, thresholds and weight limit of the layers."""
    step_s = config.duration_s / config.steps
    first, last = layers[0], layers[-1]
    slow, fast = _seen_taus(first, config.steps)
    unit = first.vth / (config.threshold_hidden * slow)  # of the chip, for weight 1
    return dataclasses.replace(
        config,
        hidden_range=1.0,
        tau_membrane_s=slow * step_s,
        tau_synapse_s=fast * step_s,
        weight_limit=widths.WEIGHT.maximum / unit,
        threshold_output=last.vth / (_seen_taus(last, config.steps)[0] * unit),
    )


def _with_rule(front: Layers, layers: Layers, config: Config) -> FixedNetwork:
    """The layers with the learning rule that `config` describes, above the front."""
    unit = widths.WEIGHT.maximum / config.weight_limit
    step_s = config.duration_s / config.steps
    n_out, real = layers[-1].n_post, []
    for layer in layers:
        slow, fast = _seen_taus(layer, config.steps)
        threshold = layer.vth / (slow * unit)
        weights = dense_weights(layer) / unit
        real.append(Layer(weights, threshold, fast * step_s, slow * step_s))
    feedback = tuple(np.zeros((layer.n_post, n_out)) for layer in real[:-1])
    network = Network(tuple(real), feedback, config.steps, config.duration_s)
    made = quantise(network, config)
    kept = tuple(map(_keep, made.layers, layers))
    return dataclasses.replace(made, layers=kept, front=front)


def _keep(made: FixedLayer, layer: FrozenLayer) -> FixedLayer:
    """The rule of one and the integers of the other."""
    slow, fast = _taus(layer)
    return dataclasses.replace(
        made,
        weights=dense_weights(layer),
        du=layer.du,
        dv=layer.dv,
        vth=layer.vth,
        x1_tau=slow,
        x2_tau=fast,
        bias=layer.bias,
    )


def _firing(network: FixedNetwork, config: Config, data: Dataset) -> tuple[Array, ...]:
    """Mean spikes a sample of each hidden neuron, 16 fraction bits, a layer each."""
    events = encode_for(network, data.train.first(N_PROBED), config).events
    engine = Engine(network)
    counts = [np.zeros(layer.n_post, np.int64) for layer in network.layers[:-1]]
    for sample in range(len(events)):
        for count, (_, neurons) in zip(
            counts, engine.raster(events, sample), strict=False
        ):
            count += np.bincount(neurons, minlength=count.size)
    scale = 2**RATE_BITS / len(events)
    return tuple(np.rint(count * scale).astype(np.int32) for count in counts)
