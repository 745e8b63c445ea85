"""Layers of another tool as an artifact for use alone: it classifies, and never learns.

Its learning rule has constants of 0, so that nothing of it could change a weight.
"""

import dataclasses

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.exchange.dense import DenseLif
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.fixed import FixedLayer
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.quantise import with_settings
from lava_sfdfa.network.rule import Rule, Scale

NOTHING = Rule(tag=Scale(0, 0), weight=Scale(0, 0))


def for_use_alone(
    layers: tuple[DenseLif, ...],
    config: Config,
    data: Dataset | None,
    reason: str,
    front: tuple[FrozenLayer, ...] = (),
) -> Artifact:
    """An artifact without a rule.

    config: its encoding of samples holds, and its `hidden` names the hidden layers;
    data: what it classifies, None for samples of any shape that has its inputs; reason:
    why it cannot learn.
    """
    n_in = front[0].n_pre if front else layers[0].weights.shape[1]
    n_out = len(layers[-1].weights)
    last = len(layers) - 1
    fixed = tuple(
        _layer(layer, 0 if number == last else n_out)
        for number, layer in enumerate(layers)
    )
    network = with_settings(fixed, config.steps, config)
    return Artifact(
        config=config,
        data_digest=data.digest if data else "",
        shape=data.shape if data else (n_in,),
        network=dataclasses.replace(network, front=front),
        rates=tuple(np.zeros(len(x.weights), np.int32) for x in layers[:-1]),
        n_learned=0,
        record={},
        provenance={"dataset": data.source} if data else {},
        reading=data.reading if data else None,
        no_rule=reason,
    )


def _layer(layer: DenseLif, n_feedback: int) -> FixedLayer:
    """Neurons and weights as they are; feedback, traces and factors are nothing."""
    return FixedLayer(
        weights=layer.weights,
        feedback=np.zeros((len(layer.weights), n_feedback), np.int8),
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
