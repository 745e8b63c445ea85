"""The network on Lava: its processes end, and it goes on where another stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import hear_ctrl_c
from small import random_samples, small_config, small_network

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.processes import network
from lava_sfdfa.processes.engine import LavaEngine
from lava_sfdfa.processes.network import LavaNetwork, make_input, require_lava

ROOT = Path(network.__file__).parents[2]


@pytest.fixture
def small():
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    config = small_config()
    return small_network(config), *random_samples(config, 6)


def children() -> set[str]:
    """Living processes that this one has started, but for Python's own helper, which
    ends with it."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            own = int(fields[1]) == os.getpid() and fields[0] != "Z"
            if own and "resource_tracker" not in (entry / "cmdline").read_text():
                found.add(entry.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("way", ["end", "error", "never run"])
def test_nothing_is_left_behind(small, way):
    before = children()
    network, events, labels = small
    lava = LavaNetwork(network, make_input(network, events, labels))
    folder = Path(lava._folder.name)
    if way == "error":
        with pytest.raises(ZeroDivisionError), lava:
            lava.run(3)
            assert len(children() - before) >= 6 and list(folder.iterdir())
            raise ZeroDivisionError
    else:
        with lava:
            if way == "end":
                lava.run(3)
    assert children() == before and not folder.exists()


def test_a_model_that_fails_is_reported_and_ends_the_others(small):
    before = children()
    network, events, labels = small
    with pytest.raises(RuntimeError, match="IndexError"):  # noqa: SIM117
        with LavaNetwork(network, make_input(network, events, labels + 1000)) as lava:
            lava.run(network.period)
    assert children() == before


def test_the_engine_on_lava_is_the_engine(small):
    """States, predictions and counts; also where a call ends and the rate changes."""
    network, events, labels = small
    engines = Engine(network), LavaEngine(network)
    found = []
    for engine in engines:
        predictions = [engine.learn(events, labels, np.array([0, 1, 5]))]
        engine.set_learning_share(0.3)
        predictions.append(engine.learn(events, labels, np.array([2, 2])))
        found.append((np.concatenate(predictions).tolist(), engine.take_counts()))
        engine.close()
    assert found[0] == found[1]
    assert all(count["weights_changed"] > 0 for count in found[0][1])
    for own, lava in zip(engines[0].states, engines[1].states, strict=True):
        for a, b in zip(own, lava, strict=True):
            np.testing.assert_array_equal(a, b)
    assert engines[0].n_learned == engines[1].n_learned == 5


def test_learning_goes_on_where_the_engine_stopped(small):
    network, events, labels = small
    engine = Engine(network)
    engine.learn(events, labels, np.arange(3))
    rates = tuple(state.rate.copy() for state in engine.states[:-1])
    lava = LavaEngine(engine.network(), rates, engine.n_learned)
    order = np.array([4, 3])
    engine.learn(events, labels, order)
    lava.learn(events, labels, order)
    lava.close()
    for a, b in zip(engine.states, lava.states, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.feedback, b.feedback)
        np.testing.assert_array_equal(a.rate, b.rate)


def test_float_models_follow_the_fixed_ones():
    """Nothing is rounded there, so the first sample has nearly the same tags, and 15
    samples move the weights in nearly the same directions. Measured: 0.995 and 0.89;
    the limits leave room for other settings of the same network."""
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    config = named_config("digits", hidden=(40,))
    part = encode(load_dataset("digits", None).train.first(15), config)
    network = quantise(build_network(config, 64, 10), config)
    tags, changes, spikes = [], [], []
    for model in ("fixed_pt", "floating_pt"):
        source = make_input(network, part.events, part.labels)
        with LavaNetwork(network, source, model=model) as lava:
            lava.run(network.period)
            state = lava.state[0]
            tags.append(state["tag_1"][0].ravel().copy())
            spikes.append(state["n_spikes"][0].copy())
            lava.run(14 * network.period)
            weights = state["weights"][-1] - network.layers[0].weights
            changes.append(weights.ravel().copy())
    np.testing.assert_array_equal(*spikes)
    assert spikes[0].sum() > 0 and np.corrcoef(*tags)[0, 1] > 0.98
    assert np.count_nonzero(changes[0]) > 20 and np.corrcoef(*changes)[0, 1] > 0.6


def test_symmetric_feedback_in_floating_point_is_refused():
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    config = small_config(feedback="symmetric")
    network = small_network(config)
    source = make_input(network, *random_samples(config, 1))
    with pytest.raises(InputError, match="feedback is symmetric and model is float"):
        LavaNetwork(network, source, model="floating_pt")


# --- the command line -----------------------------------------------------------------


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "lava_sfdfa", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear_ctrl_c, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    run = command("train", "--hidden", 16, "--epochs", 1, "--limit", 100, "--out", out)
    run.communicate()
    assert run.returncode == 0
    return out / "network.h5"


@pytest.mark.slow
def test_training_on_lava_ends_with_the_same_digest(small, tmp_path):
    """200 digits: weights, feedback, rates, and the record of the training."""
    options = ["--hidden", 40, "--epochs", 1, "--limit", 200]
    results = []
    for backend in ("cpu", "lava"):
        out = ["--out", tmp_path / backend, "--backend", backend, "--json"]
        run = command("train", *options, *out)
        printed, errors = run.communicate()
        assert run.returncode == 0, errors
        results.append(json.loads(printed.splitlines()[-1]))
    own, lava = results
    assert own["digest"] == lava["digest"]
    for name in ("train_accuracy", "val_accuracy", "test_accuracy", "saturation"):
        assert own[name] == lava[name], name
    assert sum(own["spikes_per_sample"]) > 0


def test_ctrl_c_ends_all_processes(small, artifact):
    run = command("verify", artifact, "--samples", 300, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while len(group(run.pid)) < 6 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(group(run.pid)) >= 6, "Lava was to start its processes"
        time.sleep(1)
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=30)
        deadline = time.monotonic() + 10  # on a busy machine they end a little later
        while group(run.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        left = group(run.pid)
    finally:
        for pid in group(run.pid):
            os.kill(pid, signal.SIGKILL)
    assert run.returncode == 2
    assert "stopped by Ctrl-C" in errors and "Traceback" not in errors
    assert left == []


def group(leader: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def test_without_lava_one_sentence_and_code_3(artifact, tmp_path, monkeypatch):
    """A module `lava` that cannot be imported stands before the real one."""
    (tmp_path / "lava.py").write_text("raise ImportError('not here')\n")
    run = command("verify", artifact, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    out, errors = run.communicate()
    assert run.returncode == 3 and out == ""
    assert errors.startswith("error: the backend lava needs lava-nc 0.10.0")
    assert errors.count("\n") == 1
    monkeypatch.setitem(sys.modules, "lava", None)
    with pytest.raises(BackendError, match="lava-nc 0.10.0"):
        require_lava()
