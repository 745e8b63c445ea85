"""A network of images that slayer made and exported: every kind of layer of its CUBA
blocks that we read, with random weights."""

import h5py
import numpy as np
import pytest
import torch
from lava.lib.dl import slayer

from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.engine.front import through_front

pytestmark = pytest.mark.filterwarnings("default")  # lava-dl and PyTorch have their own

STEPS = 40
NEURON = {"threshold": 1.0, "current_decay": 0.3, "voltage_decay": 0.05}
INPUT = {**NEURON, "current_decay": 1.0}


def blocks_of():
    """2 x 10 x 8 to 4 x 8 x 6, pooled to 4 x 4 x 3, 6 x 3 x 3, and 7."""
    cuba = slayer.block.cuba
    return torch.nn.ModuleList(
        [
            cuba.Input(INPUT, weight=0.8),
            cuba.Conv(NEURON, 2, 4, (3, 3), weight_scale=3, groups=2),
            cuba.Pool(NEURON, 2, weight_scale=0.7),
            cuba.Conv(
                NEURON, 4, 6, (2, 3), weight_scale=4, padding=(0, 1), dilation=(1, 1)
            ),
            cuba.Flatten(),
            cuba.Dense(NEURON, 54, 7, weight_scale=4),
        ]
    )


def test_the_engine_spikes_as_slayer_does_at_every_layer(tmp_path):
    torch.manual_seed(3)
    blocks, rng = blocks_of(), np.random.RandomState(0)
    shown = rng.rand(STEPS, 2, 10, 8) < 0.4
    at = torch.tensor(np.moveaxis(shown, 0, -1)[None]).float()
    wanted = []
    with torch.no_grad():
        for block in blocks:
            at = block(at)
            if not isinstance(block, slayer.block.cuba.Flatten):
                wanted.append(np.moveaxis(at[0].numpy(), -1, 0).astype(bool))
    path = tmp_path / "a.net"
    with h5py.File(path, "w") as file:
        for number, block in enumerate(blocks):
            block.export_hdf5(file.create_group(f"layer/{number}"))
    layers, steps, _ = read_netx(path)
    assert steps is None and [layer.n_post for layer in layers] == [160, 192, 48, 54, 7]
    index = np.nonzero(shown.reshape(STEPS, -1))[1].astype(np.uint16)
    counts = shown.reshape(STEPS, -1).sum(axis=1, dtype=np.int32)[None]
    events = Events(index, counts, np.array([0, index.size]), 160)
    for layer, spikes in zip(layers, wanted, strict=True):
        events = through_front((layer,), events, STEPS)
        if spikes.ndim == 4:
            spikes = np.moveaxis(spikes, 1, -1)
        assert 10 < spikes.sum() < spikes.size - 10
        got = events.dense(0, STEPS)
        np.testing.assert_array_equal(got, spikes.reshape(STEPS, -1))
