"""netx files with convolutions and biases: lava-dl 0.6.0 and Lava against the engine.

One sample a network, since neurons with a bias are never at rest between samples.
"""

import dataclasses

import h5py
import numpy as np
import pytest
from lava.lib.dl.netx.hdf5 import Network
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io import sink, source
from small import small_config, small_network

from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.exchange.netx import write_netx
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer

pytestmark = pytest.mark.filterwarnings("default")  # lava-dl and PyTorch have their own

STEPS = 24


def weights_of(rng, *shape):
    """Of both signs, odd and even, mostly positive so that neurons spike."""
    return rng.randint(-25, 46, shape).astype(np.int8)


def bias_of(rng, n):
    return (64 * rng.randint(-30, 60, n)).astype(np.int32)


def images(rng):
    """A front whose axes all differ: groups, stride, padding and dilation."""
    return (
        FrozenLayer(
            weights_of(rng, 4, 3, 2, 1), (9, 7, 2), 900, 200, 110, bias_of(rng, 4),
            (2, 1), (1, 0), (1, 2), groups=2, channels_first=True,
        ),  # 5 rows and columns of 4
        FrozenLayer(
            weights_of(rng, 5, 2, 3, 4), (5, 5, 4), 4095, 90, 200, None, (1, 1), (0, 1)
        ),  # 4 x 5 of 5
    )  # fmt: skip


def rows(rng):
    return (
        dense_layer(weights_of(rng, 30, 40), 1000, 300, 120, bias_of(rng, 30)),
        dense_layer(weights_of(rng, 25, 30), 1000, 300, 300),
    )


def pools(rng):
    """Pools as lava-dl has them: one kernel for all channels."""
    kernel = np.full((3, 2, 2, 1), 60, np.int8)
    return (
        FrozenLayer(
            weights_of(rng, 3, 3, 3, 1), (8, 6, 1), 2000, 300, 60, bias_of(rng, 3),
            padding=(1, 1),
        ),
        FrozenLayer(kernel, (8, 6, 3), 4095, 0, 50, None, (2, 2), groups=3),
    )  # fmt: skip


FRONTS = {"images": images, "rows": rows, "pools": pools, "none": lambda rng: ()}


def network_of(rng, front):
    """A front below two small layers that have biases."""
    config = small_config(steps=STEPS)
    n = front[-1].n_post if front else 20
    network = small_network(config, n_inputs=n)
    layers = []
    for layer in network.layers:
        made = weights_of(rng, *layer.weights.shape)
        bias = bias_of(rng, layer.n_post)
        vth = 20 * layer.n_pre // 3
        layers.append(
            dataclasses.replace(layer, weights=made, bias=bias, vth=vth, du=700, dv=150)
        )
    return dataclasses.replace(network, layers=tuple(layers), front=front), config


def random_events(rng, n_inputs):
    shown = rng.rand(STEPS, n_inputs) < 0.25
    counts = shown.sum(axis=1, dtype=np.int32)[None]
    index = np.nonzero(shown)[1].astype(np.uint16)
    return Events(index, counts, np.array([0, index.size]), n_inputs), shown


def of_engine(network, events):
    """Output spikes of the engine: bool (steps, n_out)."""
    spikes = np.zeros((STEPS, network.sizes[-1]), bool)
    above = through_front(network.front, events, STEPS)
    step, neuron = Engine(network).raster(above, 0)[-1]
    spikes[step, neuron] = True
    return spikes


def of_lava(path, shown, image):
    """Output spikes of lava-dl's network: bool (steps, n_out). shown: bool (steps,
    n_inputs); image: channels, rows and columns of it, None for a row."""
    network = Network(net_config=str(path))
    if image is not None:
        shown = shown.reshape(len(shown), *image).transpose(0, 3, 2, 1)
    data = np.moveaxis(shown, 0, -1).astype(np.int32)
    assert data.shape[:-1] == network.inp.shape
    first = source.RingBuffer(data=data)
    last = sink.RingBuffer(shape=network.out.shape, buffer=STEPS)
    first.s_out.connect(network.inp)
    network.out.connect(last.a_in)
    try:
        config = Loihi2SimCfg(select_tag="fixed_pt")
        network.run(RunSteps(num_steps=STEPS), run_cfg=config)
        sent = last.data.get().astype(bool)
    finally:
        network.stop()
    return sent.T


def channels_of(layers):
    """The image that the first layer reads, channels first; None for a row."""
    if not layers or layers[0].is_dense:
        return None
    rows, columns, channels = layers[0].input_shape
    return channels, rows, columns


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_lava_dl_gives_the_spikes_of_the_engine(name, seed, tmp_path):
    """Every bit of the outputs, from the first step on."""
    rng = np.random.RandomState(seed)
    front = FRONTS[name](rng)
    network, config = network_of(rng, front)
    artifact = Artifact(config, "0", (network.n_inputs,), network, (), 0, {})
    write_netx(tmp_path / "a.net", artifact)
    events, shown = random_events(rng, network.n_inputs)
    wanted = of_engine(network, events)
    got = of_lava(tmp_path / "a.net", shown, channels_of(front))
    assert 5 < wanted.sum() < wanted[network.n_hidden :].size
    np.testing.assert_array_equal(got, wanted)


def test_a_transposed_kernel_is_found(tmp_path):
    """The comparison sees a file whose kernels have rows for columns."""
    rng = np.random.RandomState(3)
    kernel = np.zeros((4, 3, 3, 1), np.int8)
    kernel[:, 0] = rng.randint(20, 60, (4, 3, 1))  # a row, which becomes a column
    front = (FrozenLayer(kernel, (7, 7, 1), 900, 200, 60, bias_of(rng, 4)),)
    network, config = network_of(rng, front)
    artifact = Artifact(config, "0", (network.n_inputs,), network, (), 0, {})
    path = tmp_path / "a.net"
    write_netx(path, artifact)
    events, shown = random_events(rng, network.n_inputs)
    wanted = of_engine(network, events)
    np.testing.assert_array_equal(of_lava(path, shown, (1, 7, 7)), wanted)
    path = tmp_path / "b.net"  # lava-dl leaves the other open
    write_netx(path, artifact)
    with h5py.File(path, "r+") as file:
        weight = file["layer/1/weight"]
        assert weight.shape == (4, 1, 3, 3)
        weight[...] = weight[()].transpose(0, 1, 3, 2)
    assert (of_lava(path, shown, (1, 7, 7)) != wanted).any()
    layers, _, _ = read_netx(path)
    transposed = kernel.transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(layers[0].kernel, transposed)
