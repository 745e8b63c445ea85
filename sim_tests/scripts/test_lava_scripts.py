"""The scripts that need Lava: a user's own Process, and the figures of `verify`."""

import json

import pytest
from test_scripts import run


@pytest.mark.parametrize("n_samples", [12, pytest.param(120, marks=pytest.mark.slow)])
def test_own_process_learns(n_samples):
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    result = json.loads(run("own_process.py", "--samples", str(n_samples), "--json"))
    assert min(result["spikes"]) > 0 and min(result["weights_changed"]) > 0
    # Chance is 0.5, with a standard deviation of 0.065 in 60 samples.
    assert n_samples < 120 or result["right_second_half"] > 0.8


def test_verify_figures_prints_the_commands_and_no_mismatch():
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    (row,) = [json.loads(x) for x in run("verify_figures.py", "--quick").splitlines()]
    assert row["command"].startswith("lava-sfdfa train --hidden 12")
    assert row["mismatches"] == 0 and row["weights_changed"] > 0 and row["spikes"] > 0
