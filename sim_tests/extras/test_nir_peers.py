"""Two other frameworks read our graph and predict the classes that we do."""

import json
import subprocess
import sys
from pathlib import Path

import nir
import norse
import pytest
import snntorch
import torch
from click.testing import CliRunner
from snntorch.export_nir import export_to_nir

import lava_sfdfa as ls
from lava_sfdfa.cli import main

SCRIPT = Path(__file__).parents[2] / "scripts" / "nir_peers.py"


def rows_of(out, *options):
    """A line for each framework."""
    command = [sys.executable, SCRIPT, out, *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["tool"].split()[0] for row in rows] == ["snntorch", "norse"]
    return rows


def train(out, *options):
    done = CliRunner().invoke(main, ["train", "--out", str(out), *map(str, options)])
    assert done.exit_code == 0, done.output


def test_digits(tmp_path):
    train(tmp_path, "--hidden", 40, "--epochs", 10)
    for row in rows_of(tmp_path, "--samples", 200):
        assert row["output_spikes"][0] > 2000 and row["accuracy"][0] > 0.8
        assert row["same_class"] >= 0.98


@pytest.mark.filterwarnings("default")
def test_mnist(tmp_path, data_dir):
    """99 %: what differs is the rounding of decays, which these neurons do not do."""
    train(
        tmp_path, "--dataset", "mnist", "--data-dir", data_dir, "--hidden", 100,
        "--epochs", 1,
    )  # fmt: skip
    for row in rows_of(tmp_path, "--data-dir", data_dir):
        assert row["samples"] == 1000 and row["accuracy"][0] > 0.9
        assert row["same_class"] >= 0.99


@pytest.mark.filterwarnings("default")
def test_a_graph_of_norse_comes_in_with_its_step(tmp_path):
    """It writes dt / tau_inv for a time constant, of which a step of dt**2 makes the
    shares that it uses: 0.2 of the current and 0.1 of the membrane."""

    def cell(n):
        """With a number for each neuron, or it cannot be written."""
        taus = {"tau_syn_inv": torch.full((n,), 200.0)}
        taus["tau_mem_inv"] = torch.full((n,), 100.0)
        rest = {"v_leak": torch.zeros(n), "v_th": torch.ones(n)}
        return norse.torch.LIFCell(norse.torch.LIFParameters(**taus, **rest))

    torch.manual_seed(0)
    network = norse.torch.SequentialState(
        torch.nn.Linear(64, 30, bias=False), cell(30),
        torch.nn.Linear(30, 10, bias=False), cell(10),
    )  # fmt: skip
    path = tmp_path / "a.nir"
    nir.write(path, norse.torch.to_nir(network, torch.zeros(64)))
    for told in (None, 1e-6):  # by the file, and by the caller
        for layer in ls.import_network(path, step_s=told).artifact.network.layers:
            assert (layer.du, layer.dv) == (round(0.2 * 4096) - 1, round(0.1 * 4096))
            assert abs(layer.weights).max() == 127


@pytest.mark.filterwarnings("default")
def test_a_graph_of_snntorch_comes_in(tmp_path):
    """Leaky has no current; beta 0.9 keeps nine tenths of v."""

    def leaky(n):
        beta, threshold = torch.full((n,), 0.9), torch.ones(n)
        return snntorch.Leaky(beta, threshold, init_hidden=True)

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(64, 30, bias=False), leaky(30),
        torch.nn.Linear(30, 10, bias=False), leaky(10),
    )  # fmt: skip
    path = tmp_path / "a.nir"
    nir.write(path, export_to_nir(network, torch.zeros(1, 64), ignore_dims=[0]))
    layer = ls.import_network(path).artifact.network.layers[0]
    weights = network[0].weight.detach().numpy()
    scale = 127 / abs(weights).max()
    assert (layer.du, layer.dv, layer.vth) == (4095, 410, round(scale))
    assert abs(layer.weights - weights * scale).max() < 0.501
