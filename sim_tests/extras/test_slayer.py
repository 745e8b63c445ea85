"""A network trained with lava-dl's slayer goes on to learn on the chip rule."""

import json

import h5py
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from lava.lib.dl import slayer

from lava_sfdfa.cli import main
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.presets import named_config

pytestmark = pytest.mark.filterwarnings("default")  # lava-dl and PyTorch have their own

STEPS = 32
NEURON = {
    "threshold": 1.25,
    "current_decay": 0.25,
    "voltage_decay": 0.03,
    "scale_grad": 1.0,
    "tau_grad": 0.1,
}
SETTINGS = f"steps = {STEPS}\ntarget_true = 10\ntarget_false = 1\n"  # as slayer's loss


class Network(torch.nn.Module):
    """64-60-10, as a tutorial of lava-dl would build it."""

    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(
            slayer.block.cuba.Dense(NEURON, n_pre, n_post, weight_scale=2)
            for n_pre, n_post in ((64, 60), (60, 10))
        )

    def forward(self, spikes):
        for block in self.blocks:
            spikes = block(spikes)
        return spikes


def as_spikes(samples):
    """(n, n_inputs, steps), as slayer takes them."""
    part = encode(samples, named_config("digits", steps=STEPS))
    all_spikes = [part.events.dense(i, STEPS).T for i in range(len(part))]
    return torch.tensor(np.stack(all_spikes)).float(), torch.tensor(part.labels)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The file that slayer exports, and its output spikes for the test part."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    data, network = load_dataset("digits"), Network()
    spikes, labels = as_spikes(data.train)
    loss = slayer.loss.SpikeRate(true_rate=0.3, false_rate=0.02, reduction="mean")
    optimiser = torch.optim.Adam(network.parameters(), lr=0.005)
    for _ in range(6):
        for chosen in torch.randperm(len(spikes)).split(32):
            optimiser.zero_grad()
            loss(network(spikes[chosen]), labels[chosen]).backward()
            optimiser.step()
    path = tmp_path_factory.mktemp("slayer") / "trained.net"
    with h5py.File(path, "w") as file:
        for number, block in enumerate(network.blocks):
            block.export_hdf5(file.create_group(f"layer/{number}"))
    out = network(as_spikes(data.test)[0]).detach().numpy()
    return path, out.transpose(0, 2, 1).astype(bool)


def test_our_file_has_the_layout_of_slayers(tmp_path, trained):
    """The same names, with as many dimensions and numbers of the same kind."""
    take_in(trained[0], tmp_path, "digits")
    call("export", tmp_path / "run", "--format", "netx", "--out", tmp_path / "ours.net")
    layouts = []
    for path in (trained[0], tmp_path / "ours.net"):
        found = {}

        def visit(name, node, found=found):
            if isinstance(node, h5py.Dataset):
                found[name] = (node.ndim, node.dtype.kind)

        with h5py.File(path, "r") as file:
            file["layer"].visititems(visit)
        layouts.append(found)
    assert len(layouts[0]) == 22
    kinds = {**layouts[1]}
    assert kinds.keys() == layouts[0].keys()
    for name, layout in layouts[0].items():
        if not name.endswith("neuron/type"):  # a string there, bytes here: both read
            assert kinds[name] == layout, name


def call(*arguments):
    done = CliRunner().invoke(main, [str(x) for x in (*arguments, "--json")])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def take_in(path, folder, dataset):
    (folder / "settings.toml").write_text(SETTINGS)
    options = ["--dataset", dataset, "--config", folder / "settings.toml"]
    return call("import", path, "--format", "netx", "--out", folder / "run", *options)


def test_the_engine_spikes_as_slayer_does(tmp_path, trained):
    """Every bit of the test part, at no shift, although slayer computes in floats."""
    path, wanted = trained
    take_in(path, tmp_path, "digits")
    artifact = load_artifact(tmp_path / "run")
    part = encode(load_dataset("digits").test, artifact.config)
    got = np.zeros_like(wanted)
    engine = Engine(artifact.network)
    for sample in range(len(part)):
        step, neuron = engine.raster(part.events, sample)[-1]
        got[sample, step, neuron] = True
    assert wanted.sum() > 2000
    np.testing.assert_array_equal(got, wanted)
    assert (got[:, 1:] != wanted[:, :-1]).sum() > 2000


def test_it_improves_on_new_data(tmp_path, trained):
    """The camera has moved by a pixel: most digits are missed, until it learns."""
    path, _ = trained
    data, parts = load_dataset("digits"), {}
    for part in ("train", "test"):
        samples = getattr(data, part)
        moved = np.roll(samples.images.reshape(-1, 8, 8), 1, axis=2)
        parts |= {f"x_{part}": moved, f"y_{part}": samples.labels}
    np.savez(tmp_path / "moved.npz", **parts)
    take_in(path, tmp_path, tmp_path / "moved.npz")
    before = call("evaluate", tmp_path / "run")["test_accuracy"]
    trained_on = call("train", "--resume", "--out", tmp_path / "run", "--epochs", 10)
    assert before < 0.6
    assert trained_on["test_accuracy"] > 0.85  # 0.91 when this was written
