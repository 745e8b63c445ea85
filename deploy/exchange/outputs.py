"""The last layer of a network that is used as it is: dense, since its neurons are
classes."""

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import MOST, FrozenLayer, dense_layer, dense_weights


def dense_outputs(layers: tuple[FrozenLayer, ...]) -> tuple[FrozenLayer, ...]:
    """Layers of which the last is dense, its outputs counted by channel first, as other
    tools do. Errors: InputError where that is too large."""
    layer = layers[-1]
    if layer.is_dense:
        return layers
    if layer.n_post * layer.n_pre > MOST:
        raise InputError(
            f"the outputs are {layer.n_post} neurons that read {layer.n_pre} inputs; "
            f"allowed are {MOST} weights; end with a dense layer, or use the layers as "
            "the front of a training (--front)"
        )
    by_channel = np.arange(layer.n_post).reshape(layer.output_shape)
    order = np.moveaxis(by_channel, 2, 0).ravel()
    bias = None if layer.bias is None else layer.biases[order]
    weights = np.ascontiguousarray(dense_weights(layer)[order])
    return (*layers[:-1], dense_layer(weights, layer.du, layer.dv, layer.vth, bias))
