"""netx files, read by lava-dl 0.6.0 and run by Lava on the CPU, against the engine."""

import dataclasses

import h5py
import numpy as np
import pytest
from lava.lib.dl.netx.hdf5 import Network
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io import sink, source
from small import random_samples, small_config, small_network

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.deploy.exchange.netx import write_netx
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config

pytestmark = pytest.mark.filterwarnings("default")  # lava-dl and PyTorch have their own


def artifact_of(network, config):
    return Artifact(config, "0", (network.sizes[0],), network, (), 0, {})


def run_in_lava(path, spikes, steps):
    """Output spikes of samples one after the other: bool (n, steps, n_out).

    spikes: bool (n, steps, n_inputs). Neurons are reset from sample to sample, a step
    later in each layer; a rest of silence lets the delayed input pass.
    """
    n, period = len(spikes), steps + 8
    data = np.zeros((spikes.shape[2], n * period), np.int32)
    for sample in range(n):
        data[:, sample * period : sample * period + steps] = spikes[sample].T
    network = Network(net_config=str(path), reset_interval=period)
    first = source.RingBuffer(data=data)
    last = sink.RingBuffer(shape=network.out.shape, buffer=n * period)
    first.s_out.connect(network.inp)
    network.out.connect(last.a_in)
    try:
        config = Loihi2SimCfg(select_tag="fixed_pt")
        network.run(RunSteps(num_steps=n * period), run_cfg=config)
        sent = last.data.get().astype(bool)
    finally:
        network.stop()
    return sent.T.reshape(n, period, -1)[:, :steps]


def of_engine(network, events):
    """Output spikes of the engine: bool (n, steps, n_out)."""
    spikes = np.zeros((len(events), network.steps, network.sizes[-1]), bool)
    engine = Engine(network)
    for sample in range(len(events)):
        step, neuron = engine.raster(events, sample)[-1]
        spikes[sample, step, neuron] = True
    return spikes


def assert_same_spikes(path, network, config, events):
    """Every bit, and no other shift fits; the engine counts the layers' delay itself.

    In its first steps an upper layer in Lava still shows the sample before.
    """
    write_netx(path, artifact_of(network, config))
    shown = np.stack([events.dense(i, network.steps) for i in range(len(events))])
    got, wanted = run_in_lava(path, shown, network.steps), of_engine(network, events)
    first = network.n_hidden
    assert wanted.sum() > 2 * len(events) and not wanted[:, :first].any()
    np.testing.assert_array_equal(got[:, first:], wanted[:, first:])
    assert (got[:, first + 1 :] != wanted[:, first:-1]).any()
    assert (got[:, first:-1] != wanted[:, first + 1 :]).any()


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_published_data(name, tmp_path, data_dir):
    """A network of 784-100-10 after an epoch; 20 test samples."""
    config = named_config(name, hidden=(100,), epochs=1)
    data = load_dataset(name, data_dir)
    train, test = encode(data.train, config), encode(data.test.first(20), config)
    engine = Engine(quantise(build_network(config, 784, 10), config))
    right = engine.learn(train.events, train.labels, np.arange(len(train)))
    assert np.mean(right == train.labels) > 0.65  # it has learned
    assert_same_spikes(tmp_path / "a.net", engine.network(), config, test.events)


def test_bundled_data(tmp_path):
    config = named_config("digits", hidden=(30,))
    data = load_dataset("digits")
    train, test = encode(data.train, config), encode(data.test.first(20), config)
    engine = Engine(quantise(build_network(config, 64, 10), config))
    engine.learn(train.events, train.labels, np.tile(np.arange(len(train)), 10))
    assert_same_spikes(tmp_path / "a.net", engine.network(), config, test.events)


CASES = {  # weights that the reader treats in ways of their own
    "both ends": [-128, -127, 126, 127],
    "odd and small": [-3, -1, 1, 5],
    "positive": [1, 3, 127],
    "even": [-64, 64, 96],
    "one size": [1],
}


@pytest.mark.parametrize("weights", CASES.values(), ids=CASES)
@pytest.mark.parametrize(("du", "dv"), [(0, 1), (4095, 4095), (170, 85), (409, 410)])
def test_limits(weights, du, dv, tmp_path):
    """The reader doubles mixed-sign weights and takes it back: nothing is lost."""
    config = small_config()
    events, _ = random_samples(config, 4)
    network = small_network(config)
    rng = np.random.RandomState(3)
    share = np.where(np.array(weights) > 0, 4.0, 1.0)
    layers = []
    for layer in network.layers:
        drawn = rng.choice(weights, layer.weights.shape, p=share / share.sum())
        vth = max(weights) // 2
        changes = {"weights": drawn.astype(np.int8), "du": du, "dv": dv, "vth": vth}
        layers.append(dataclasses.replace(layer, **changes))
    network = dataclasses.replace(network, layers=tuple(layers))
    assert_same_spikes(tmp_path / "a.net", network, config, events)


def test_a_foreign_file_with_equal_decays(tmp_path):
    """Written by hand in lava-dl's layout; lava-dl and the import read it."""
    path, rng = tmp_path / "a.net", np.random.RandomState(5)
    with h5py.File(path, "w") as file:
        for number, shape in enumerate([(20, 64), (10, 20)]):
            group = file.create_group(f"layer/{number}")
            group.create_dataset("type", (1,), "S10", [b"dense"])
            group["shape"] = np.array(shape[:1])
            group["inFeatures"], group["outFeatures"] = shape[1], shape[0]
            group["weight"] = 2.0 * rng.randint(-40, 41, shape).astype(np.float32)
            group["neuron/type"] = np.bytes_("CUBA")
            group["neuron/iDecay"] = group["neuron/vDecay"] = 410
            group["neuron/vThMant"], group["neuron/refDelay"] = 64, 1
            group["neuron/gradedSpike"] = False
    artifact = ls.import_network(path, data="digits").artifact
    assert "u and v decay equally" in artifact.no_rule
    network = artifact.network
    test = load_dataset("digits").test.first(10)
    events = encode(test, artifact.config).events
    shown = np.stack([events.dense(i, network.steps) for i in range(10)])
    got, wanted = run_in_lava(path, shown, network.steps), of_engine(network, events)
    assert wanted.sum() > 1000
    np.testing.assert_array_equal(got[:, 1:], wanted[:, 1:])
