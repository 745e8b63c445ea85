"""The benchmark: that it measures what it says, on a small network."""

import numpy as np
import pytest
from command_line import call, last_json

from lava_sfdfa.bench import bench as module
from lava_sfdfa.bench.limit import least_work
from lava_sfdfa.bench.workload import make_workload


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(module, "SIZES", (64, (20,), 32))
    monkeypatch.setattr(module, "N_SAMPLES", 40)


def test_the_least_work_is_what_a_sample_needs():
    load = make_workload(64, (20,), 32, 40)
    engine = load.trained()
    engine.learn(load.events, load.labels, np.arange(40))
    counts = engine.take_counts()
    work, (hidden, outputs) = least_work(load, counts), counts
    spikes = len(load.events.index) / 40
    assert work["additions"] == spikes * 20 + hidden["spikes"] / 40 * 10
    assert work["neurons"] <= 30 * 16  # of all neurons, while input arrives
    n_columns = hidden["impulses"] / 40  # each input of an image spikes once
    assert 0 < hidden["spikes"] * n_columns / 40 <= work["tags"] * 1.3
    updates = hidden["weight_updates"] + outputs["weight_updates"]
    assert work["changes"] == work["weights"] == updates / 40 > 0


def test_engine_limit_and_lava_are_measured_in_one_run():
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    found = module.bench("all")
    speed, limit, lava = found.engine, found.limit, found.lava
    assert speed.network == "64-20-10" and speed.steps == 32
    assert abs(speed.learned_per_second * speed.learning_microseconds / 1e6 - 1) < 0.01
    whole = sum(ceiling.microseconds for ceiling in limit.ceilings)
    assert abs(whole - limit.learning_microseconds) < 0.05  # rounded to 0.01
    names = [phase.phase for phase in limit.phases]
    assert names == ["neurons", "tags", "update"]
    took = sum(phase.microseconds for phase in limit.phases)
    share = limit.learning_microseconds / took
    assert abs(limit.learning_share / share - 1) < 0.05  # of rounded numbers
    limits = sum(phase.limit_microseconds for phase in limit.phases)
    assert abs(limits - limit.learning_microseconds) < 0.05
    assert lava.ratio > 100 and lava.steps_per_second > 1


def test_the_command_prints_one_line_of_json():
    found = last_json(call("bench", "--json"))
    assert found["engine"]["learned_per_second"] > 100
    assert found["limit"] is None and found["lava"] is None and found["processor"]
