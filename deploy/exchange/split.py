"""Divides the layers of a file into those that never learn and those that may."""

from lava_sfdfa.deploy.exchange.dense import DenseLif
from lava_sfdfa.network.frozen import MOST, FrozenLayer, dense_weights

LEAST = 2  # dense layers of an artifact: hidden neurons and outputs


def split_front(
    layers: tuple[FrozenLayer, ...],
) -> tuple[tuple[FrozenLayer, ...], tuple[DenseLif, ...]]:
    """The front, and the dense layers at the end, which may learn.

    Where fewer than two layers at the end are dense, others are written as dense ones,
    whose neurons do the same; a front alone is no network here.
    """
    begin = len(layers)
    while begin > 0 and layers[begin - 1].is_dense:
        begin -= 1
    least = max(0, len(layers) - LEAST)
    while begin > least and layers[begin - 1].n_post * layers[begin - 1].n_pre <= MOST:
        begin -= 1
    return layers[:begin], tuple(map(_dense, layers[begin:]))


def _dense(layer: FrozenLayer) -> DenseLif:
    bias = None if layer.bias is None else layer.biases
    return DenseLif(dense_weights(layer), layer.du, layer.dv, layer.vth, bias)
