"""`fit`, `compile`, `check` and `run` as users meet them: JSON, words, exit codes."""

import dataclasses
import json
import shutil

import h5py
import pytest
from command_line import call, last_json

from lava_sfdfa.deploy.boards import BOARDS, LOIHI2, Fact
from lava_sfdfa.deploy.plan.files import read_plan, write_plan

LAYERS = ["--layers", "784,800,10"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    options = ["--hidden", "30", "--epochs", "20", "--limit", "500"]
    last_json(call("train", *options, "--out", out, "--json"))
    return out / "network.h5"


@pytest.fixture(scope="module")
def plan(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("plan")
    arguments = ["--board", "oheo-gulch", "--mode", "learning", "--out", out]
    return out, last_json(call("compile", trained, *arguments, "--json"))


# --- what works -------------------------------------------------------------------


def test_fit_prints_the_promised_fields():
    found = last_json(call("fit", *LAYERS, "--board", "oheo-gulch", "--json"))
    assert found["fits"] is True and (found["cores"], found["chips"]) == (24, 1)
    assert found["mode"] == "learning" and found["smallest_change"] is None
    assert [layer["name"] for layer in found["layers"]] == [
        "input", "hidden", "output", "label", "error",
    ]  # fmt: skip
    for layer in found["layers"]:
        assert layer["neurons_per_core"] > 0 and layer["cores"] > 0
        assert 0 < layer["utilisation"] <= 1 and layer["limiting_resource"]
    text = call("fit", *LAYERS, "--board", "oheo-gulch").stdout
    assert "24 cores" in text and "synapses" in text and "lower bound" in text


def test_fit_knows_modes_variants_and_eligibility():
    board = ["--board", "oheo-gulch", "--json"]
    inference = last_json(call("fit", *LAYERS, *board, "--mode", "inference"))
    assert inference["cores"] == 13 and len(inference["layers"]) == 3
    small = last_json(call("fit", *LAYERS, *board, "--conservative"))
    assert small["cores"] == 32 and small["chip"] == "loihi2-conservative"
    recursive = last_json(call("fit", *LAYERS, *board, "--eligibility", "recursive"))
    assert recursive["cores"] > 24


def test_fit_takes_an_artifact(trained):
    found = last_json(call("fit", trained, "--board", "kapoho-bay", "--json"))
    assert found["sizes"] == [64, 30, 10] and found["fits"]


def test_compile_prints_the_promised_fields(plan):
    out, found = plan
    assert found["fits"] and found["plan"] == str(out) and len(found["digest"]) == 64
    energy = found["energy_per_sample_joule"]
    assert 0 < energy["low"] < energy["high"] and "Loihi 1" in energy["note"]
    assert found["spike_hops_per_sample"] == 0  # it fits one core
    names = {"plan.json", "plan.h5", "report.txt", "report.html"}
    assert {path.name for path in out.iterdir()} == names
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_compile_is_repeatable(plan, trained, tmp_path):
    arguments = ["--board", "oheo-gulch", "--mode", "learning", "--out", tmp_path]
    again = last_json(call("compile", trained, *arguments, "--json"))
    assert again["digest"] == plan[1]["digest"]
    other = ["--board", "oheo-gulch", "--mode", "inference", "--out", tmp_path]
    found = last_json(call("compile", trained, *other, "--json"))
    assert found["digest"] != again["digest"]


def test_a_plan_for_inference_is_as_right_as_the_artifact(trained, tmp_path):
    arguments = ["--board", "kapoho-bay", "--mode", "inference", "--out", tmp_path]
    last_json(call("compile", trained, *arguments, "--json"))
    found = last_json(call("run", tmp_path, "--samples", 40, "--json"))
    expected = last_json(call("evaluate", trained, "--limit", 40, "--json"))
    assert found["accuracy"] == expected["test_accuracy"] > 0.5
    assert (found["samples"], found["target"]) == (40, "sim")


def test_a_plan_for_learning_runs(plan):
    out, _ = plan
    found = last_json(call("run", out, "--target", "sim", "--samples", 20, "--json"))
    assert found["samples"] == 20 and found["mode"] == "learning"
    assert found["accuracy"] > 0.4


def test_check_prints_what_was_proved(plan):
    out, compiled = plan
    found = last_json(call("check", out, "--json"))
    assert found == {
        "plan": str(out),
        "digest": compiled["digest"],
        "holds": True,
        "board": "oheo-gulch",
        "mode": "learning",
        "cores": 1,
        "neurons": 64 + 30 + 10 + 10 + 10,
        "axons": 64 + 30 + 4 * 10,
        "weights": 64 * 30 + 30 * 10 + 3 * 10 * 10 + 10 * 30,
    }
    for path in (out, out / "plan.json", out / "plan.h5"):
        text = call("check", path).stdout
        assert "the plan is whole: learning on oheo-gulch, 1 core\n" in text
        assert "124 neurons" in text and compiled["digest"] in text


# --- what is refused --------------------------------------------------------------


BOARD = ["--board", "oheo-gulch"]
REFUSED = [
    (["fit", *LAYERS, "--board", "oheo-glch"], 2, "did you mean 'oheo-gulch'"),
    (["fit", *BOARD], 2, "takes an artifact or --layers"),
    (["fit", "x.h5", *LAYERS, *BOARD], 2, "takes an artifact or --layers"),
    (["fit", "--layers", "784,10", *BOARD], 2, "at least three numbers"),
    (["fit", *LAYERS, *BOARD, "--mode", "training"], 2, "is not one of"),
    (["fit", *LAYERS], 2, "Missing option '--board'"),
    (["fit", "none.h5", *BOARD], 2, "there is no such artifact"),
    (["fit", *LAYERS, "--board", "nahuku", "--conservative"], 2, "leave it out"),
    (["compile", "none.h5", *BOARD], 2, "there is no such artifact"),
    (["run", "none"], 2, "there is no plan"),
    (["check", "none"], 2, "there is no plan"),
    (["check"], 2, "Missing argument 'PLAN'"),
    (["run", "none", "--samples", "0"], 2, "is not in the range"),
    (["fit", "--layers", "784,9000,10", *BOARD], 1, "the board kapoho-point"),
    (["fit", "--layers", "2312,800,10", "--board", "nahuku"], 1, "2,038 neurons in"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), REFUSED)
def test_wrong_use_ends_in_one_sentence(
    arguments, code, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.stderr and "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_still_json():
    for layers in ("784,9000,10", "2312,800,10"):
        result = call("fit", "--layers", layers, "--board", "kapoho-bay", "--json")
        found = last_json_of(result)
        assert result.exit_code == 1 and found["fits"] is False
        assert found["smallest_change"] and "error: " in result.stderr


def test_compile_refuses_what_does_not_fit_and_writes_nothing(
    trained, tmp_path, monkeypatch
):
    limits = {**LOIHI2.limits, "synapses": Fact(500, "for this test", "L")}
    cores = Fact(1, "for this test", "L")
    model = dataclasses.replace(LOIHI2, limits=limits, cores_per_chip=cores)
    board = dataclasses.replace(BOARDS["oheo-gulch"], model=model)
    monkeypatch.setitem(BOARDS, "oheo-gulch", board)
    result = call("compile", trained, *BOARD, "--out", tmp_path / "plan")
    assert result.exit_code == 1, result.output
    assert "the smallest change that makes it fit" in result.stderr
    assert not (tmp_path / "plan").exists()


def test_symmetric_feedback_is_for_inference_only(tmp_path):
    options = ["--feedback", "symmetric", "--epochs", "1", "--limit", "5"]
    last_json(call("train", *options, "--out", tmp_path, "--json"))
    result = call("compile", tmp_path, *BOARD, "--out", tmp_path / "plan")
    assert result.exit_code == 1 and "copies the forward weights" in result.stderr
    assert not (tmp_path / "plan").exists()
    assert call("fit", tmp_path, *BOARD, "--mode", "inference").exit_code == 0


def test_an_artifact_of_another_version_is_refused(trained, tmp_path):
    path = tmp_path / "newer.h5"
    shutil.copy(trained, path)
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 99
    for command in (["fit", path, *BOARD], ["compile", path, *BOARD]):
        result = call(*command)
        assert result.exit_code == 2 and "format version 99" in result.stderr


def test_a_damaged_plan_is_refused(plan, tmp_path):
    shutil.copytree(plan[0], tmp_path / "plan")
    path = tmp_path / "plan" / "plan.json"
    path.write_text(path.read_text().replace('"loihi2"', '"loihi1"'))
    result = call("run", tmp_path / "plan")
    assert result.exit_code == 2 and "is damaged" in result.stderr


def edit_plan(folder, to, edit):
    """A copy of a plan with the digest of what `edit` made of its facts."""
    content = read_plan(folder)
    edit(content.facts)
    write_plan(to, content)


def test_a_plan_that_does_not_hold_ends_with_1(plan, tmp_path):
    edit_plan(plan[0], tmp_path, lambda facts: facts.update(period=5))
    for command in ("check", "run"):
        result = call(command, tmp_path, "--json")
        assert result.exit_code == 1 and "period is 5" in result.stderr
        assert "Traceback" not in result.output
    found = last_json_of(call("check", tmp_path, "--json"))
    assert found["holds"] is False and found["plan"] == str(tmp_path)
    assert found["digest"] is None and len(found) == 9
    assert call("check", tmp_path).stdout == ""


def last_json_of(result):
    """The last line of a command that failed."""
    return json.loads(result.stdout.splitlines()[-1])


def test_a_plan_that_is_none_ends_with_2(plan, tmp_path):
    edit_plan(plan[0], tmp_path, lambda facts: facts.update(mode="dream"))
    for command in ("check", "run"):
        result = call(command, tmp_path, "--json")
        assert result.exit_code == 2 and "mode must be one of" in result.stderr
        assert result.stdout == ""


def test_a_plan_for_an_artifact_and_the_other_way_round(plan, trained):
    for path in (plan[0], plan[0] / "plan.json", plan[0] / "plan.h5"):
        result = call("info", path)
        assert result.exit_code == 2 and "`check` proves a plan" in result.stderr
    for command in ("check", "run"):
        for path in (trained, trained.parent):
            result = call(command, path)
            assert result.exit_code == 2 and "looks like an artifact" in result.stderr


def test_data_of_another_shape_is_refused(plan):
    result = call("run", plan[0], "--dataset", "yin-yang")
    assert result.exit_code == 2 and "has samples of the shape" in result.stderr


def test_a_board_that_is_not_there_ends_with_3(plan):
    result = call("run", plan[0], "--target", "board", "--samples", 2)
    assert result.exit_code == 3 and "error: " in result.stderr
