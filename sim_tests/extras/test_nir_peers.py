"""Two other frameworks read our graph and predict the classes that we do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

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
