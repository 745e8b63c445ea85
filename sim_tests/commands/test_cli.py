"""The command line as a user meets it: exit codes, messages, JSON."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from command_line import call, hear_ctrl_c, last_json

from lava_sfdfa.network.artifact import load_artifact

QUICK = ["--hidden", "30", "--epochs", "2", "--limit", "300"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small trained network: its folder, and what `train --json` printed."""
    out = tmp_path_factory.mktemp("trained")
    return out, last_json(call("train", *QUICK, "--out", out, "--json"))


# --- what works -------------------------------------------------------------------


def test_train_prints_the_promised_fields(trained):
    out, result = trained
    promised = {
        "dataset", "layers", "feedback", "seed", "epochs", "train_samples",
        "val_accuracy", "test_accuracy", "seconds", "samples_per_second",
        "spikes_per_sample", "feedback_alignment", "saturation", "artifact", "digest",
    }  # fmt: skip
    assert promised <= result.keys()
    assert result["dataset"] == "digits" and result["layers"] == [64, 30, 10]
    assert len(result["feedback_alignment"]) == 1
    assert {"weights", "tags", "traces"} <= result["saturation"].keys()
    assert Path(result["artifact"]).parent == out
    picture = Path(result["picture"]).read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_stream_prints_accuracy_before_each_update(tmp_path):
    options = ["--hidden", "30", "--limit", "400", "--late", "3", "--json"]
    result = last_json(call("stream", *options, "--out", tmp_path))
    assert result["layers"] == [64, 30, 10] and 360 < result["samples"] < 400
    assert result["late"] == 3 and result["late_from"] > 150
    assert 0 < result["prequential_accuracy"] < 1 and result["samples_to_95"] is None
    assert Path(result["picture"]).read_bytes().startswith(b"\x89PNG")
    assert load_artifact(Path(result["artifact"])).digest == result["digest"]


def test_progress_goes_to_standard_error(tmp_path):
    result = call("train", *QUICK, "--out", tmp_path)
    assert result.exit_code == 0 and result.stdout == ""
    for word in (
        "epoch 2/2",
        "validation",
        "spikes a sample",
        "at a limit",
        "simulated",
    ):
        assert word in result.stderr


def test_evaluate_prints_the_promised_fields(trained):
    out, result = trained
    found = last_json(call("evaluate", out / "network.h5", "--json"))
    assert found["test_accuracy"] == result["test_accuracy"] and found["samples"] == 359
    assert {"samples_per_second", "spikes_per_sample"} <= found.keys()
    limited = last_json(call("evaluate", out, "--limit", 20, "--json"))
    assert limited["samples"] == 20


def test_info_shows_what_is_inside(trained):
    out, result = trained
    found = last_json(call("info", out, "--json"))
    assert found["digest"] == result["digest"] and found["format_version"] == 1
    assert found["layers"] == [64, 30, 10] and found["widths"]["weights"] == 8
    assert len(found["training"]["val_accuracy"]) == 2
    text = call("info", out)
    assert text.exit_code == 0 and result["digest"] in text.stdout
    assert " of y3*t, in steps of 2^" in text.stdout, "products are explained"
    assert "u0*y3*t" in text.stdout


def test_data_lists_and_checks(tmp_path):
    found = last_json(call("data", "list", "--data-dir", tmp_path, "--json"))
    states = {entry["name"]: entry["state"] for entry in found["datasets"]}
    assert states.pop("digits") == "bundled"
    assert states.pop("yin-yang") == "generated"
    assert {"mnist", "emnist-balanced", "kmnist", "nmnist", "shd"} < states.keys()
    assert set(states.values()) == {"missing"}
    result = call("data", "check", "mnist", "--data-dir", tmp_path)
    assert result.exit_code == 1 and "missing" in result.stdout
    assert "error: mnist: files are missing" in result.stderr
    assert call("data", "check", "digits").exit_code == 0


def test_a_file_of_settings_and_options_work_together(tmp_path):
    (tmp_path / "run.toml").write_text("hidden = [20]\nepochs = 9\nlimit = 200\n")
    config = ["--config", tmp_path / "run.toml", "--epochs", "1", "--seed", "3"]
    result = last_json(call("train", *config, "--out", tmp_path / "out", "--json"))
    assert result["layers"] == [64, 20, 10]
    assert (result["epochs"], result["seed"], result["train_samples"]) == (1, 3, 200)


def test_my_own_file_can_be_trained(tmp_path):
    rng = np.random.RandomState(0)
    y = np.arange(300) % 2
    x = (
        rng.rand(300, 6, 6)
        * 255
        * (np.arange(36).reshape(6, 6) % 2 == y[:, None, None])
    )
    content = {"x_train": x.astype(np.uint8), "y_train": y}
    content |= {"x_test": x[:50].astype(np.uint8), "y_test": y[:50]}
    np.savez(tmp_path / "mine.npz", **content)
    arguments = ["--dataset", tmp_path / "mine.npz", "--hidden", 40, "--epochs", 10]
    result = last_json(call("train", *arguments, "--out", tmp_path / "out", "--json"))
    assert result["layers"] == [36, 40, 2] and result["test_accuracy"] > 0.9


def test_resume_goes_on(tmp_path):
    first = call("train", *QUICK, "--out", tmp_path, "--json")
    more = ["--hidden", "30", "--epochs", "3", "--limit", "300", "--resume"]
    second = last_json(call("train", *more, "--out", tmp_path, "--json"))
    assert second["epochs"] == 3 and second["digest"] != last_json(first)["digest"]


# --- what is refused: exit code 2, one sentence, nothing half-written ---------------


REFUSED = [
    (["train", "--hidden", "0"], "hidden must be between 1 and 65536, not 0"),
    (["train", "--hidden", "-5"], "hidden must be between 1 and 65536, not -5"),
    (["train", "--hidden", "big"], "is not a valid integer"),
    (["train", "--epochs", "0"], "epochs must be between 1 and 100000, not 0"),
    (["train", "--limit", "0"], "limit must be between 1 and"),
    (["train", "--seed", "-1"], "seed must be between 0 and"),
    (["train", "--dataset", "minst"], "did you mean 'mnist'"),
    (["train", "--dataset", "none.npz"], "there is no such file"),
    (["train", "--feedback", "dfa"], "is not one of"),
    (["train", "--rounding", "up"], "is not one of"),
    (["train", "--config", "none.toml"], "none.toml: cannot be read"),
    (["train", "--dataset", "mnist", "--data-dir", "none"], "data fetch mnist"),
    (["train", "--resume"], "there is no such artifact"),
    (["evaluate", "none.h5"], "there is no such artifact"),
    (["info", "none.h5"], "there is no such artifact"),
    (["evaluate"], "Missing argument"),
    (["data", "fetch", "mnits"], "did you mean 'mnist'"),
    (["data", "check", "nothing"], "must be one of digits"),
    (["tarin"], "No such command"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_wrong_use_is_one_sentence(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr and "Traceback" not in result.output
    assert not list(tmp_path.rglob("*.h5"))


@pytest.mark.parametrize("name", ["network.h5", "network.previous.h5", "training.png"])
def test_folders_in_the_way_are_seen_before_training(tmp_path, name):
    (tmp_path / name).mkdir()
    result = call("train", *QUICK, "--out", tmp_path)
    assert result.exit_code == 2 and f"{name}: is a folder" in result.stderr


def test_brackets_and_dollars_in_names_are_only_text(tmp_path):
    x = np.random.RandomState(0).randint(256, size=(40, 9)).astype(np.uint8)
    content = {"x_train": x, "y_train": np.arange(40) % 2}
    np.savez(tmp_path / "$a_{$.npz", **content, x_test=x, y_test=np.arange(40) % 2)
    arguments = ["--dataset", tmp_path / "$a_{$.npz", "--hidden", "5", "--epochs", "1"]
    out = tmp_path / "o[red]5[" / "x]"
    result = call("train", *arguments, "--out", out)
    assert result.exit_code == 0 and str(out / "network.h5") in result.stderr
    assert (out / "training.png").exists()
    assert call("evaluate", out).exit_code == 0
    listed = call("data", "list", "--data-dir", out / "[/y]")
    assert listed.exit_code == 0 and "[/y]" in listed.stdout


def test_names_too_long_for_the_system_are_one_sentence():
    result = call("info", "x" * 300)
    assert result.exit_code == 2 and "File name too long" in result.stderr


def test_resume_refuses_other_samples(tmp_path):
    x = np.random.RandomState(0).randint(256, size=(40, 9)).astype(np.uint8)
    content = {"x_test": x, "y_train": np.arange(40) % 2, "y_test": np.arange(40) % 2}
    arguments = ["--dataset", tmp_path / "mine.npz", "--hidden", "5", "--out", tmp_path]
    np.savez(tmp_path / "mine.npz", x_train=x, **content)
    assert call("train", *arguments, "--epochs", "1").exit_code == 0
    np.savez(tmp_path / "mine.npz", x_train=x[::-1], **content)
    result = call("train", *arguments, "--epochs", "2", "--resume")
    assert result.exit_code == 2 and "was trained on other samples" in result.stderr


def test_an_output_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    result = call("train", *QUICK, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2 and "choose another --out" in result.stderr


def test_a_damaged_artifact(trained, tmp_path):
    path = tmp_path / "network.h5"
    path.write_bytes((trained[0] / "network.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 99
    for command in ("evaluate", "info"):
        result = call(command, path)
        assert result.exit_code == 2 and "format version 99" in result.stderr
    path.write_bytes(path.read_bytes()[:500])
    result = call("evaluate", path)
    assert result.exit_code == 2 and "is not a readable artifact" in result.stderr


def test_data_of_another_shape(trained):
    result = call("evaluate", trained[0], "--dataset", "yin-yang")
    assert result.exit_code == 2 and "artifact takes (8, 8)" in result.stderr


# --- a process of its own ---------------------------------------------------------


def start(*arguments):
    command = [sys.executable, "-m", "lava_sfdfa", *map(str, arguments)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_ctrl_c,
    )


def test_two_processes_give_one_digest(tmp_path):
    """The digest does not depend on the process, its hash seed or its folder."""
    running = [start("train", *QUICK, "--out", tmp_path / n, "--json") for n in "ab"]
    digests = [
        json.loads(p.communicate()[0].splitlines()[-1])["digest"] for p in running
    ]
    assert digests[0] == digests[1] and len(digests[0]) == 64


def test_ctrl_c_leaves_the_last_full_epoch(tmp_path):
    arguments = ["--hidden", "30", "--epochs", "100000", "--out", tmp_path]
    process = start("train", *arguments)
    deadline = time.monotonic() + 120
    while not (tmp_path / "network.h5").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "stopped by Ctrl-C" in errors and "last full epoch" in errors
    assert "Traceback" not in errors
    assert load_artifact(tmp_path).epochs_done >= 1
    assert not list(tmp_path.glob("*.part"))


def test_a_closed_pipe_does_not_stop_training(tmp_path):
    """Nobody reads the progress: training still ends, and prints its result."""
    process = start("train", *QUICK, "--out", tmp_path, "--json")
    process.stderr.close()
    digest = json.loads(process.stdout.read().splitlines()[-1])["digest"]
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert load_artifact(tmp_path).digest == digest
