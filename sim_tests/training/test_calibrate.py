"""Settings that follow from the data: what is chosen, what stays, that it learns."""

import dataclasses

import numpy as np
import pytest
from small import bursts

import lava_sfdfa as ls
from lava_sfdfa.data.formats.arrays import load_arrays
from lava_sfdfa.errors import InputError
from lava_sfdfa.presets import named_config
from lava_sfdfa.training import calibrate as module
from lava_sfdfa.training.calibrate import calibrate


def stripes(n=300, size=12):
    """Images of stripes in three directions, at any place, in noise."""
    rng = np.random.RandomState(0)
    y = np.arange(n) % 3
    rows, columns = np.mgrid[:size, :size]
    across = np.stack([rows, columns, rows + columns])[y]
    on = (across + rng.randint(3, size=(n, 1, 1))) % 3 == 0
    return np.where(on, 200, rng.randint(0, 60, on.shape)).astype(np.uint8), y


def test_images_of_ones_own_are_learned_at_the_defaults():
    model = ls.train(stripes())
    result = model.result
    assert result.accuracy > 0.9 > 2 / 3  # chance is a third
    # One may just have fallen silent, and be woken in the next samples.
    assert result.silent[0] <= 4 and result.saturation["traces"] < 0.05
    assert model.config.threshold_hidden != named_config("mnist").threshold_hidden


@pytest.mark.parametrize("seconds", [0.02, 2.0, 300.0])
def test_recordings_of_any_extent_are_learned_at_the_defaults(seconds):
    model = ls.train(bursts(seconds=seconds))
    result = model.result
    assert result.accuracy > 0.9 > 2 / 4  # chance is a quarter
    assert result.silent[0] <= 4 and result.saturation["traces"] < 0.05
    assert 0.6 * seconds < model.config.recording_s < 0.95 * seconds
    assert model.config.bins == model.config.window_steps


def test_many_events_get_a_smaller_impulse():
    few = calibrated(bursts(n_events=10)).config
    many = calibrated(bursts(n_events=3000)).config
    assert few.input_impulse > many.input_impulse
    assert few.threshold_hidden < many.threshold_hidden


def calibrated(data, given=(), **changes):
    config = named_config(data.name, data.kind, hidden=(50,), **changes)
    return calibrate(config, data, given)


def test_neurons_spike_as_often_as_is_said():
    data = bursts()
    found = calibrated(data)
    (sentence,) = [note for note in found.notes if "times, with threshold" in note]
    rates = sentence.split("spike ")[1].split(" times")[0].split(" and ")
    for rate, wanted in zip(
        rates, (module.HIDDEN_RATE, module.OUTPUT_RATE), strict=True
    ):
        assert abs(float(rate) - wanted) < 0.1  # few neurons, whole spikes
    assert len(found.notes) == 3
    for name in ("recording_s", "threshold_hidden", "input_impulse", "learning_rate"):
        assert f"{getattr(found.config, name):.3g}" in " ".join(found.notes), name


def test_calibration_is_the_same_every_time_and_needs_no_labels():
    data = bursts()
    nobody = dataclasses.replace(data.train, labels=0 * data.train.labels)
    blind = dataclasses.replace(data, train=nobody)
    assert calibrated(data) == calibrated(data) == calibrated(blind)


def test_the_test_part_is_not_read():
    data = bursts()
    other = dataclasses.replace(data, test=None, validation=None)
    assert calibrated(data) == calibrated(other)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold_hidden", 5.0),
        ("learning_rate", 0.02),
        ("recording_s", 1.0),
        ("tau_synapse_s", 0.015),
        ("tau_membrane_s", 0.03),
        ("input_impulse", 100),
        ("bins", 7),
    ],
)
def test_what_is_given_stays(name, value):
    model = ls.train(bursts(), epochs=1, hidden=[20], **{name: value})
    assert getattr(model.config, name) == value
    others = {"threshold_output", "bins"} - {name}
    plain = named_config("mnist")
    assert all(getattr(model.config, o) != getattr(plain, o) for o in others)


def test_a_whole_config_and_named_sets_are_taken_as_they_are():
    config = named_config("x", "image", hidden=(20,), epochs=1)
    model = ls.train(stripes(), config=config)
    assert model.config.threshold_hidden == config.threshold_hidden
    digits = ls.train("digits", hidden=[20], epochs=1, limit=50)
    assert digits.config == named_config("digits", hidden=(20,), epochs=1, limit=50)


def test_resuming_keeps_what_was_found(tmp_path):
    first = ls.train(stripes(), epochs=1, hidden=[20], out=tmp_path)
    second = ls.train(stripes(), epochs=2, hidden=[20], out=tmp_path, resume=True)
    assert second.config == dataclasses.replace(first.config, epochs=2)


@pytest.mark.parametrize("call", [ls.stream, ls.compare])
def test_streams_and_comparisons_are_calibrated_too(call):
    told = {"feedback": ["sfdfa"], "seeds": 1, "epochs": 1}
    more = told if call is ls.compare else {}
    found = call(stripes(), hidden=[20], limit=60, **more)
    if call is ls.stream:
        assert found.config.threshold_hidden != named_config("mnist").threshold_hidden
    else:
        assert found.runs[0].spikes_per_sample[0] > 0


@pytest.mark.slow
def test_very_many_inputs_get_smaller_weights():
    """The threshold that the initial weights would need is beyond 17 bits."""
    rng = np.random.RandomState(0)
    x = rng.randint(1, 256, (20, 300, 300)).astype(np.uint8)
    config = named_config("x", "image", hidden=(10,))
    found = calibrate(config, load_arrays((x, np.arange(20) % 2)), ())
    assert found.config.weight_init < config.weight_init
    rate = float(found.notes[0].split("spike ")[1].split()[0])
    assert abs(rate - module.HIDDEN_RATE) < 0.1


def test_samples_without_spikes_are_a_sentence():
    with pytest.raises(InputError, match="all pixels are black"):
        ls.train((np.zeros((40, 8, 8), np.uint8), np.arange(40) % 2))
    data = load_arrays((np.zeros((40, 8, 8), np.uint8), np.arange(40) % 2))
    with pytest.raises(InputError, match="the training samples have no spikes"):
        calibrated(data)
