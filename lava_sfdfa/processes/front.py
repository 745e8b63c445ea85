"""Frozen layers as Processes: stock connections of Lava, and `FrozenNeuron`."""

from typing import Any, NamedTuple

import numpy as np
from lava.magma.core.process.variable import Var
from lava.proc.conv.models import PyConvModelFixed
from lava.proc.conv.process import Conv
from lava.proc.dense.models import PyDenseModelBitAcc
from lava.proc.dense.process import Dense
from lava.utils.weightutils import SignMode

from lava_sfdfa.chip.protocol import Schedule
from lava_sfdfa.network.frozen import FrozenLayer, bias_parts, dense_weights
from lava_sfdfa.processes.frozen_neuron.process import FrozenNeuron

CONV_MOST = 127  # stock `Conv` holds numbers of its geometry in 8 bits, with a sign


class FrozenProcesses(NamedTuple):
    """The Processes of one frozen layer."""

    synapses: Any  # stock `Conv` or `Dense`
    neurons: FrozenNeuron

    @property
    def variables(self) -> dict[str, Var]:
        """What can be read of it, by the names of `StateReader`'s ports."""
        return {name: getattr(self.neurons, name) for name in ("u", "v", "spikes")}


def make_frozen(layer: FrozenLayer, schedule: Schedule) -> FrozenProcesses:
    """The Processes of a frozen layer; not connected to each other."""
    mantissa, exponent = bias_parts(layer.biases)
    neurons = FrozenNeuron(
        shape=(layer.n_post,),
        schedule=schedule,
        du=layer.du,
        dv=layer.dv,
        vth=layer.vth,
        bias_mant=mantissa,
        bias_exp=exponent,
    )
    return FrozenProcesses(make_synapses(layer), neurons)


def make_synapses(layer: FrozenLayer):
    """A stock `Conv`; a `Dense` for dense layers, and where `Conv` cannot hold the
    geometry."""
    if layer.is_dense or not is_held(layer):
        return stock_dense(dense_weights(layer))
    return Conv(
        # Stock `Conv` turns the kernel around, as mathematicians do.
        weight=layer.kernel[:, ::-1, ::-1].astype(np.int32),
        input_shape=layer.input_shape,
        padding=layer.padding,
        stride=layer.stride,
        dilation=layer.dilation,
        groups=layer.groups,
    )


def is_held(layer: FrozenLayer) -> bool:
    """Whether a stock `Conv` holds the geometry of a layer."""
    pairs = layer.kernel.shape[1:3], layer.stride, layer.padding, layer.dilation
    return max(layer.groups, *(max(pair) for pair in pairs)) <= CONV_MOST


def stock_dense(weights: np.ndarray) -> Dense:
    """A stock `Dense` that computes with just these weights: int8 (n_post, n_pre).

    Weights of mixed signs have no lowest bit there, so they are doubled, and the
    exponent takes that back. The sign mode is said, since otherwise -128 becomes -127.5
    where no weight is positive.
    """
    return Dense(
        weights=2 * weights.astype(np.int32),
        weight_exp=-1,
        num_weight_bits=8,
        sign_mode=SignMode.MIXED,
    )


def stock_models() -> dict[type, type]:
    """The models of the stock connections: in integers, whatever the rest computes."""
    return {Conv: PyConvModelFixed, Dense: PyDenseModelBitAcc}


def connect_frozen(s_out: Any, layer: FrozenLayer, processes: FrozenProcesses) -> None:
    """Connect a layer within and to what lies below it. s_out: flat, as all neurons
    are; `Conv` reads an image of rows, columns and channels."""
    synapses, neurons = processes
    a_out = synapses.a_out
    if isinstance(synapses, Conv):
        rows, columns, channels = layer.input_shape
        if layer.channels_first:
            s_out = s_out.reshape((channels, rows, columns)).transpose((1, 2, 0))
        else:
            s_out = s_out.reshape(layer.input_shape)
        a_out = a_out.reshape((layer.n_post,))
    s_out.connect(synapses.s_in)
    a_out.connect(neurons.a_in)
