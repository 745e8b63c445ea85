"""The board path up to where the chip takes over, with the stand-in of its software."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.data.encoding import Part
from lava_sfdfa.deploy.run import board
from lava_sfdfa.errors import BackendError

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

HERE = Path(__file__).parents[1]
STAND_IN = HERE / "board_stand_in"
SUITE = ["-m", "pytest", "--target", "board", "-q", "-p", "no:cacheprovider"]


def suite(*options, **environment):
    """The hardware suite in a process of its own, by what it printed."""
    paths = f"{STAND_IN / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, *SUITE, "sim_tests/hardware", *options],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, "PATH": paths, **environment},
    )
    return done.returncode, done.stdout


def test_the_hardware_suite_passes_with_the_stand_in():
    code, out = suite(PYTHONPATH=str(STAND_IN), PARTITION="stand-in")
    assert code == 0, out
    assert "run: 7 passed" in out
    assert out.count("NOT RUN") == 1
    assert (
        "NOT RUN: test_learning: Skipped: a board still needs models of "
        "HiddenNeuron (12), OutputNeuron (3)" in out
    )


def test_a_node_that_is_not_there_is_refused():
    code, out = suite("-k", "a_node_is", PYTHONPATH=str(STAND_IN), BOARD="nowhere")
    assert code == 1
    assert "BOARD is 'nowhere', which sinfo does not list; set NXSDKHOST" in out


def test_without_a_board_the_suite_says_what_was_not_run():
    code, out = suite()
    assert code == 0 and "run: 0 passed" in out
    assert out.count("NOT RUN") == 8
    assert "Skipped: no board can be reached: lava-loihi, which Intel gives" in out


def test_without_a_board_there_is_one_sentence():
    config = small_config()
    part = Part(*random_samples(config, 2))
    with pytest.raises(BackendError, match="lava-loihi.*is not here; use --target sim"):
        board.classify_on_board(small_network(config), part, lambda done, total: None)


@pytest.mark.parametrize(("steps", "period"), [(24, 64), (54, 64), (55, 128)])
def test_the_period_is_a_power_of_two(steps, period):
    """A sample, two layers and the most that adapters delay, 8 steps, have to fit."""
    assert board.board_period(small_network(small_config(steps=steps))) == period
