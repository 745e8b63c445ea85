"""The Python interface: the calls, what they give, what they refuse."""

import json
import subprocess
import sys

import numpy as np
import pytest

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset

SMALL = {"hidden": (30,), "epochs": 2, "limit": 300}


@pytest.fixture(scope="module")
def model():
    return ls.train("digits", **SMALL)


def stripes(n=120, side=5, seed=0):
    """Two classes of images that one glance tells apart: uint8, and labels."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % 2
    stripe = np.arange(side * side).reshape(side, side) % 2
    x = rng.randint(100, 256, (n, side, side)) * (stripe == y[:, None, None])
    return x.astype(np.uint8), y


# --- calls ------------------------------------------------------------------------


def test_training_in_memory_writes_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    model = ls.train("digits", **SMALL)
    assert list(tmp_path.iterdir()) == [] and model.result.artifact is None
    out, errors = capfd.readouterr()
    assert out == "" and errors == "", "without progress nothing is printed"
    assert model.result.digest == model.digest
    with pytest.raises(AttributeError):
        model.result.digest = "other"


def test_progress_shows_what_the_command_shows(capfd):
    ls.train("digits", progress=True, **SMALL)
    out, errors = capfd.readouterr()
    assert out == "" and "epoch 2/2: training" in errors


def test_results_are_plain_for_json(model):
    evaluation = model.evaluate()
    for result in (model.result, evaluation, model.info(), ls.fit(model, board=BOARD)):
        again = json.loads(json.dumps(result.to_json(), allow_nan=False))
        assert again == result.to_json()
    assert evaluation.accuracy == evaluation.to_json()["test_accuracy"]
    assert evaluation.accuracy == model.result.test_accuracy


BOARD = "oheo-gulch"


def test_arrays_are_learned_and_predicted():
    x, y = stripes()
    # Twelve active inputs drive a neuron less than the pixels of MNIST do.
    thresholds = {"threshold_hidden": 0.2, "threshold_output": 0.5}
    model = ls.train((x, y), hidden=[40], epochs=10, **thresholds)
    assert model.result.train_samples == 86  # a fifth to test, a tenth to validate
    assert model.artifact.shape == (5, 5)
    new, labels = stripes(seed=1)
    assert np.mean(model.predict(new) == labels) > 0.9 > 0.5  # chance
    assert model.evaluate((new, labels)).samples == 120
    scores = model.scores(new)
    assert scores.shape == (120, 2)
    np.testing.assert_array_equal(scores.argmax(axis=1), model.predict(new))


@pytest.mark.parametrize("hidden", [(12,), (1,), (1, 1)])
@pytest.mark.parametrize("n_inputs", [1, 25])
def test_layers_of_one_neuron_and_of_one_input_are_trained(n_inputs, hidden):
    """Without learning, the same call leaves the weights where they began."""
    thresholds = {"threshold_hidden": 0.1, "threshold_output": 0.1}
    # With this seed no weight on the only path is negative, so that errors arrive.
    settings = {"hidden": hidden, "epochs": 2, "weight_init": 3.0, "seed": 1}
    x, y = stripes()
    if n_inputs == 1:
        x = x[:, :1, 1:2]  # a pixel that is lit in one of the classes
    learned = ls.train((x, y), **settings, **thresholds)
    still = ls.train((x, y), learning_rate=0.0, **settings, **thresholds)
    layers = learned.artifact.network.layers
    assert layers[0].n_pre == n_inputs
    assert tuple(layer.n_post for layer in layers) == (*hidden, 2)
    for ours, theirs in zip(layers, still.artifact.network.layers, strict=True):
        assert (ours.weights != theirs.weights).any()


def test_learning_what_arrives_changes_the_model_and_not_the_result(model):
    loaded = ls.Model(model.artifact)
    digits = load_dataset("digits").train
    before = loaded.digest
    predicted = loaded.learn(digits.images[:50], digits.labels[:50])
    assert predicted.shape == (50,) and loaded.digest != before
    assert loaded.artifact.n_learned == model.artifact.n_learned + 50
    fresh = ls.Model(model.artifact)
    np.testing.assert_array_equal(
        fresh.learn(digits.images[:50], digits.labels[:50]), predicted
    )
    assert fresh.digest == loaded.digest
    assert model.digest == before, "the model it was made from stays"
    share = model.artifact.record["learning_share"][-1]
    other = ls.Model(model.artifact)
    other.learn(digits.images[:50], digits.labels[:50], share=1.0)
    assert share < 1 and other.digest != loaded.digest


def test_saving_and_loading_keep_everything(model, tmp_path):
    digest = model.save(tmp_path / "run")
    again = ls.load(tmp_path / "run")
    assert digest == again.digest == model.digest
    assert ls.load(str(tmp_path / "run" / "network.h5")).digest == digest
    model.save(tmp_path / "one.h5")
    assert ls.load(tmp_path / "one.h5").evaluate(limit=50).samples == 50
    model.save(tmp_path / "run")  # an earlier one is kept
    assert (tmp_path / "run" / "network.previous.h5").exists()


def test_export_and_import_by_the_ending(model, tmp_path):
    exported = model.export(tmp_path / "a.net")
    assert exported.format == "netx" and exported.digest == model.digest
    again = ls.import_network(tmp_path / "a.net", data="digits")
    assert again.evaluate().accuracy == model.evaluate().accuracy
    assert any("those of digits" in note for note in again.notes)
    with pytest.raises(ls.InputError, match="its ending does not tell the format"):
        model.export(tmp_path / "a.bin")


def test_a_plan_is_saved_read_checked_and_run(model, tmp_path):
    plan = model.compile(board=BOARD, mode="inference")
    digest = plan.save(tmp_path / "plan")
    again = ls.load_plan(tmp_path / "plan")
    assert digest == plan.digest == again.digest
    assert again.report == plan.report and plan.report.cores == 1
    again.check()
    run = again.run(samples=40)
    assert run.accuracy == model.evaluate(limit=40).accuracy and run.samples == 40
    assert again.save(tmp_path / "copy") == digest
    assert "64-30-10" in repr(plan)


def test_what_does_not_fit_names_the_remedy(model):
    assert not ls.fit("784,9000,10", board=BOARD).fits
    report = ls.fit((784, 9000, 10), board=BOARD)
    assert "the board kapoho-point" in report.sentence
    assert ls.fit(model, board="kapoho-bay").fits


def test_stream_and_compare_give_results():
    model = ls.stream("digits", hidden=[20], limit=300, late=3)
    assert model.result.late == 3 and 0 < model.result.prequential_accuracy < 1
    found = ls.compare("digits", feedback=["random"], seeds=2, **SMALL)
    assert [row.feedback for row in found.rows] == ["random"]
    assert found.to_json()["rows"][0]["seeds"] == 2 and len(found.runs) == 2


def test_resume_goes_on_to_the_same_network(tmp_path):
    whole = ls.train("digits", **SMALL)
    ls.train("digits", out=tmp_path, **{**SMALL, "epochs": 1, "learning_rate_end": 1.0})
    more = ls.train("digits", out=tmp_path, resume=True, epochs=2)
    assert more.result.epochs == 2 and more.config.learning_rate_end == 1.0
    assert more.digest != whole.digest


# --- step by step -----------------------------------------------------------------


def test_a_synapse_can_be_watched(model):
    before = model.digest
    digits = load_dataset("digits").train
    trace = model.engine().learn_one(digits.images[0], int(digits.labels[0]))
    hidden, outputs = trace.layers
    period, steps = model.artifact.network.period, model.config.steps
    assert hidden.s_out.shape == (period, 30) and hidden.x1.shape == (steps, 64)
    assert hidden.tag_1.shape == hidden.weights.shape == (period, 30, 64)
    assert hidden.feedback.shape == (period, 30, 10) and outputs.feedback is None
    assert hidden.s_out.sum() > 0 and outputs.error.any() and hidden.error is None
    # Weights change in the commit step alone, where third factors are.
    changed = np.flatnonzero(
        (np.diff(hidden.weights.astype(int), axis=0) != 0).any((1, 2))
    )
    acted = np.flatnonzero(hidden.y3.any(axis=1))
    assert changed.tolist() == [trace.phases["commit"] - 1]
    assert acted.tolist() == [trace.phases["commit"]]
    # A spike of an input is an impulse of its traces.
    step, pre = np.argwhere(trace.spikes_in)[0]
    assert hidden.x1[step, pre] == model.artifact.network.layers[0].impulse
    assert model.digest == before, "the model stays as it is"


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ls.train("digits", hiden=[3]), "did you mean 'hidden'"),
        (lambda: ls.train("digits", epochs=2.5), "epochs must be an integer, not 2.5"),
        (lambda: ls.train("minst"), "did you mean 'mnist'"),
        (lambda: ls.train(3), "data is a int"),
        (lambda: ls.train((np.zeros((9, 3)),)), "data has 1 arrays"),
        (lambda: ls.train("digits", resume=True), "resume needs the folder"),
        (lambda: ls.load("nowhere"), "there is no such artifact"),
        (lambda: ls.load_plan("nowhere"), "there is no plan"),
        (lambda: ls.fit("784,10", board=BOARD), "at least three numbers"),
        (lambda: ls.fit((784, 10, 10), board="oheo-glch"), "did you mean 'oheo-gulch'"),
        (lambda: ls.stream("digits", late=10), "late must be a class of digits"),
        (lambda: ls.import_network("nowhere.nir"), "there is no such file"),
        (lambda: ls.compare("digits", feedback=["dfa"], **SMALL), "must be one of"),
    ],
)
def test_wrong_calls_are_one_sentence(call, message):
    with pytest.raises(ls.InputError, match=message):
        call()


def test_samples_of_another_shape_or_class_are_refused(model):
    with pytest.raises(ls.InputError, match=r"x has the shape \(3, 9\)"):
        model.predict(np.zeros((3, 9), np.uint8))
    with pytest.raises(ls.InputError, match="has the label 10, which does not occur"):
        model.learn(np.zeros((1, 8, 8), np.uint8), [10])


def test_there_is_no_other_name():
    with pytest.raises(AttributeError, match="has no attribute 'tarin'"):
        ls.tarin  # noqa: B018
    assert {"train", "load", "fit", "SFDFAClassifier"} <= set(dir(ls))
    for name in ls.__all__:
        assert getattr(ls, name) is not None


def test_importing_is_light():
    """Compiled code, pictures and learning libraries are imported when used."""
    code = (
        "import sys, lava_sfdfa; "
        "heavy = {'numba', 'matplotlib', 'sklearn', 'h5py', 'lava', 'numpy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.evaluate(limit=0), "limit must be between 1"),
        (lambda m: m.evaluate(limit=2.5), "limit must be an integer"),
        (
            lambda m: m.learn(np.zeros((3, 8, 8)), [0, 1, 2], share=-1.0),
            "share must be between",
        ),
        (
            lambda m: m.learn(np.zeros((3, 8, 8)), [0, 1, 2], share=float("nan")),
            "share must be between",
        ),
        (
            lambda m: ls.train(stripes(), backend="gpu"),
            "backend must be one of cpu, lava",
        ),
        (lambda m: ls.train(stripes(), auto="yes"), "auto must be true or false"),
        (lambda m: ls.train(stripes(), config={"hidden": [3]}), "config is a dict"),
        (lambda m: ls.train(stripes(), dataset="digits"), "dataset is no setting here"),
        (lambda m: ls.train(stripes(), target_false=20), "target_false must be below"),
        (lambda m: ls.compare(stripes(), seeds=0), "seeds must be between 1"),
        (lambda m: ls.compare(stripes(), feedback="none"), "none"),
    ],
)
def test_wrong_values_of_arguments_are_refused(model, call, message):
    with pytest.raises(ls.InputError, match=message):
        call(model)


def test_a_class_that_arrives_late_is_named_as_the_labels_are():
    x, y = stripes()
    found = ls.stream((x, np.array(["a", "b"])[y]), late="b", hidden=[10])
    assert found.result.late == "b" and found.result.late_from > 0
    numbers = ls.stream((x, 10 + 10 * y), late=20, hidden=[10])
    assert numbers.result.late == 20
    assert numbers.result.late_from == found.result.late_from
