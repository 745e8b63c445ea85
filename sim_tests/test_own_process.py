"""The worked example: a user's own Lava Process before our learning layers."""

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
