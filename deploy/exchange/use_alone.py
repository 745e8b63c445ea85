"""Layers of another tool as an artifact for use alone: it classifies, and never learns.

Its learning rule has constants of 0, so that nothing of it could change a weight.
"""

import dataclasses

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.fixed import FixedLayer
from lava_sfdfa.network.frozen import FrozenLayer, dense_weights
from lava_sfdfa.network.quantise import with_settings
from lava_sfdfa.network.rule import Rule, Scale

NOTHING = Rule(tag=Scale(0, 0), weight=Scale(0, 0))
Layers = tuple[FrozenLayer, ...]


def split(layers: Layers) -> tuple[Layers, Layers]:
    """The front of a network, and the dense layers at its end, one at least."""
    first = len(layers) - 1
    while first and layers[first - 1].is_dense:
        first -= 1
    return layers[:first], layers[first:]


def for_use_alone(
    layers: Layers, config: Config, data: Dataset | None, reason: str
) -> Artifact:
    """An artifact without a rule, of layers of which the last is dense.

    config: its encoding of samples holds, and its `hidden` names the hidden layers
    behind the front, see `split`; data: what it classifies, None for samples of any
    shape that has its inputs; reason: why it cannot learn.
    """
    front, dense = split(layers)
    last = len(dense) - 1
    fixed = tuple(
        _layer(layer, 0 if number == last else dense[-1].n_post)
        for number, layer in enumerate(dense)
    )
    network = with_settings(fixed, config.steps, config)
    return Artifact(
        config=config,
        data_digest=data.digest if data else "",
        shape=data.shape if data else (layers[0].n_pre,),
        network=dataclasses.replace(network, front=front),
        rates=tuple(np.zeros(layer.n_post, np.int32) for layer in dense[:-1]),
        n_learned=0,
        record={},
        provenance={"dataset": data.source} if data else {},
        reading=data.reading if data else None,
        no_rule=reason,
    )


def _layer(layer: FrozenLayer, n_feedback: int) -> FixedLayer:
    """Neurons and weights as they are; feedback, traces and factors are nothing."""
    return FixedLayer(
        weights=dense_weights(layer),
        feedback=np.zeros((layer.n_post, n_feedback), np.int8),
        du=layer.du,
        dv=layer.dv,
        vth=layer.vth,
        x1_tau=1.0,
        x2_tau=1.0,
        impulse=0,
        reciprocal_exponent=0,
        rule=NOTHING,
        error_gain=0,
        homeostasis_gain=0,
        target_rate=0,
        payload_shift=0,
        bias=layer.bias,
    )
