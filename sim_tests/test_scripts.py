"""Each script runs at its smallest size."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


def run(name, *arguments):
    command = [sys.executable, SCRIPTS / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_bench_prints_a_row_for_each_case():
    rows = [
        json.loads(line) for line in run("bench.py", "--quick", "--json").splitlines()
    ]
    assert [row["steps"] for row in rows] == [16, 32]
    for row in rows:
        assert row["learned_per_second"] > 0 and row["hidden_spikes"][0] > 0
        assert row["synaptic_operations_per_second"] > 0 and row["peak_memory_mb"] > 0
    assert "learned/s" in run("bench.py", "--quick")


def test_float_training_follows_the_authors():
    row = json.loads(run("float_training.py", "--dataset", "digits", "--epochs", "2"))
    assert row["train_samples"] == 1438 and len(row["curve"]) == 2
    assert row["test_best_test_epoch"] >= row["test_last_epoch"] > 0.2


def test_compare_rules_prints_a_table(tmp_path):
    (line,) = run("compare_rules.py", "--quick", "--out", tmp_path).splitlines()
    result = json.loads(line)
    assert result["command"].startswith("lava-sfdfa compare --hidden 10")
    assert [row["feedback"] for row in result["rows"]] == [
        "sfdfa",
        "random",
        "symmetric",
    ]


def test_tag_cosines_fall_with_the_width():
    options = ["--limit", "300", "--samples", "2", "--hidden", "30"]
    rows = [json.loads(line) for line in run("tag_cosines.py", *options).splitlines()]
    median = {
        (row["eligibility"], row["widths"], row["layer"]): row["p50"]
        for row in rows
        if row["n"] > 0
    }
    assert median["trace", "engine", 0] > 0.9 and median["recursive", "engine", 0] > 0.9
    assert median["trace", "model, no rounding", 0] > 0.99
    assert median["trace", "tag 5", 0] < median["trace", "model", 0]


def test_figures_prints_the_command_and_its_result():
    (row,) = [json.loads(line) for line in run("figures.py", "--quick").splitlines()]
    assert row["command"].startswith("lava-sfdfa train --hidden 10 --epochs 1")
    assert row["layers"] == [64, 10, 10] and "test_accuracy" in row


@pytest.mark.parametrize("n_samples", [12, pytest.param(120, marks=pytest.mark.slow)])
def test_own_process_learns(n_samples):
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    result = json.loads(run("own_process.py", "--samples", str(n_samples), "--json"))
    assert min(result["spikes"]) > 0 and min(result["weights_changed"]) > 0
    # Chance is 0.5, with a standard deviation of 0.065 in 60 samples.
    assert n_samples < 120 or result["right_second_half"] > 0.8
