"""Samples that arrive once: their order, the curve, a class that begins late."""

import dataclasses

import numpy as np
import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.stream import PICTURE, arrival, samples_to, stream, windowed


def test_a_late_class_arrives_in_the_second_half_only():
    labels = np.arange(1000) % 10
    order = arrival(labels, None, 0)
    assert sorted(order) == list(range(1000)) and order.tolist() != sorted(order)
    late = arrival(labels, 3, 0)
    is_late = labels[late] == 3
    n_left_out = 1000 - len(late)
    assert 30 < n_left_out < 70  # about half of its 100 samples
    assert not is_late[: 500 - n_left_out].any() and is_late.sum() == 100 - n_left_out
    kept = [sample for sample in order if sample in set(late.tolist())]
    assert kept == late.tolist()  # the others arrive as they would have


def test_the_window_counts_what_came_last():
    right = np.array([0, 1, 1, 1, 0], bool)
    assert windowed(right, 2).tolist() == [0.5, 1.0, 1.0, 0.5]
    many = np.concatenate([np.zeros(300, bool), np.ones(1000, bool)])
    assert samples_to(many, 0.9) == 1200 and samples_to(many, 1.01) is None


def test_a_stream_learns_a_class_that_begins_late(tmp_path):
    config = dataclasses.replace(named_config("digits"), hidden=(100,))
    data = load_dataset("digits")
    artifact, result = stream(data, config, tmp_path, Silence(), 7)
    assert result.samples < 1294 and result.late_from > result.samples // 3
    assert result.prequential_accuracy_end > 0.3 > 1 / 10  # chance
    assert result.late_test_accuracy > 0.3
    assert (tmp_path / PICTURE).stat().st_size > 10_000
    assert load_artifact(tmp_path).digest == artifact.digest == result.digest
    assert artifact.n_learned == result.samples and artifact.epochs_done == 1
    assert artifact.record["learning_share"].tolist() == [1.0]  # it does not fall
    assert artifact.record["train_accuracy"][0] == result.prequential_accuracy


def test_a_class_that_is_none_is_refused(tmp_path):
    data = load_dataset("digits")
    with pytest.raises(InputError, match="late must be a class of digits, 0 to 9"):
        stream(data, named_config("digits"), tmp_path, Silence(), 10)
