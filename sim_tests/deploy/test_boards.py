"""The budgets of Loihi against what Intel's compiler and others have published."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from lava_sfdfa.deploy.boards import (
    BOARDS,
    LOIHI1,
    LOIHI2,
    LOIHI2_CONSERVATIVE,
    RESOURCES,
    find_board,
)
from lava_sfdfa.errors import CheckError, InputError

GOLDEN = json.loads((Path(__file__).parents[1] / "loihi2_rows.json").read_text())
# Published with two decimals, so that a right figure is at most half of 0.01 away.
TOLERANCE = 0.0051


def rows(kind):
    found = [row for row in GOLDEN if row["kind"] == kind]
    return pytest.mark.parametrize("row", found, ids=[row["name"] for row in found])


def words(n_synapses, bits, plastic=False):
    return int(LOIHI2.axon_words(n_synapses, LOIHI2.synapse_bits(bits, plastic, False)))


def percent(resource, used):
    return 100 * used / LOIHI2.limits[resource].value


@rows("percent")
def test_published_percentages_of_dense_cores(row):
    axons = sum(n for n, *_ in row["in_axons"])
    synapses = sum(n * words(m, bits, p) for n, m, bits, p in row["in_axons"])
    neurons = row["neurons"]
    used = {
        "axon_in": axons,
        "synapses": synapses,
        "neurons": neurons,
        "axon_out": neurons,
        "total": axons + synapses + 2 * neurons + row["neuron_groups"],
    }
    published = row["published"]
    published = {"axon_out": published["axon_map"], **published}
    for resource, count in used.items():
        assert abs(percent(resource, count) - published[resource]) <= TOLERANCE


@rows("raw_words")
def test_published_words_of_older_releases(row):
    ((n, m, bits, plastic),) = row["in_axons"]
    expected = 8192 if row.get("expected_mismatch") else row["raw_words"]
    assert n * words(m, bits, plastic) == expected


@rows("words_per_axon")
def test_published_words_of_an_axon(row):
    ((_, m, _, _),) = row["in_axons"]
    agree = [bits for bits in range(1, 9) if words(m, bits) == row["raw_words"]]
    assert agree == row["weight_bits_consistent"]


@rows("raw_words_average")
def test_published_mean_over_the_cores_of_a_split(row):
    sizes = row["slices"]["neurons_per_core"]
    n = row["in_axons"][0][0]
    agree = [
        bits
        for bits in range(1, 9)
        if sum(n * words(m, bits) for m in sizes) // len(sizes) == row["raw_words"]
    ]
    assert agree == row["weight_bits_consistent"]
    assert sum(sizes) // len(sizes) == row["neurons"]


@rows("column_sum")
def test_published_rows_of_convolutions(row):
    """Synapses are not modelled: budgets of neurons and of the sum of the columns."""
    published = row["published"]
    assert abs(percent("neurons", row["neurons"]) - published["neurons"]) <= TOLERANCE
    names = {"axon_out": "axon_map", "axon_in": "axon_in", "axon_mem": "axon_mem"}
    names |= {"neurons": "neurons", "synapses": "synapses"}
    total, slack = float(row["neuron_groups"]), 0.0
    for resource, column in names.items():
        limit = LOIHI2.limits[resource].value
        total += published[column] / 100 * limit
        slack += 0.005 / 100 * limit  # each column is rounded
    found = percent("total", total)
    assert abs(found - published["total"]) <= TOLERANCE + percent("total", slack)


def test_there_are_all_golden_rows():
    kinds = [row["kind"] for row in GOLDEN]
    assert len(GOLDEN) == 34 and kinds.count("percent") == 12


def test_a_neuron_budget_of_4096_would_not_do():
    """The rows of convolutions decide it: 2688 neurons are 65.64 %."""
    assert round(100 * 2688 / 4095, 2) == 65.64 != round(100 * 2688 / 4096, 2)


@pytest.mark.parametrize(
    ("n", "bits", "expected"),
    [
        (60, 8, 8),  # 480 + 20 bits
        (61, 8, 8 + 1),  # a second entry, 28 bits
        (11, 4, 1 + 1),  # 64 bits: a full word takes one more
        (1, 39, 1 + 1),  # 59 bits: so does one with less than 6 left
        (1, 38, 1),
        (0, 8, 0),
    ],
)
def test_words_of_an_axon_on_loihi1(n, bits, expected):
    assert LOIHI1.axon_words(n, bits) == expected


def test_words_take_arrays():
    n = np.arange(200)
    for model in (LOIHI1, LOIHI2):
        expected = [int(model.axon_words(int(k), 16)) for k in n]
        assert model.axon_words(n, 16).tolist() == expected
    by_hand = [math.ceil((k * 16 + 10) / 64) if k else 0 for k in n]
    assert LOIHI2.axon_words(n, 16).tolist() == by_hand


def test_a_second_tag_is_charged_on_loihi2_and_refused_on_loihi1():
    assert LOIHI2.synapse_bits(8, True, False) == 36
    assert LOIHI2.synapse_bits(8, True, True) == 44
    assert LOIHI2.synapse_bits(8, False, True) == 20
    with pytest.raises(CheckError, match="second tag.*only keep it in the delay"):
        LOIHI1.synapse_bits(8, True, True)


def test_every_number_has_a_source_and_a_confidence():
    for model in (LOIHI1, LOIHI2, LOIHI2_CONSERVATIVE):
        assert set(model.limits) <= set(RESOURCES)
        facts = [*model.limits.values(), model.plastic_bits, model.learning_units]
        facts += [model.cores_per_chip, model.header_bits, model.mesh_source]
        for fact in (*facts, *(board.chips for board in BOARDS.values())):
            assert fact.value > 0 and len(fact.source) > 4
            assert fact.confidence in ("H", "M", "L")


def test_the_conservative_variant_is_smaller():
    small, large = LOIHI2_CONSERVATIVE.limit_vector, LOIHI2.limit_vector
    assert (small <= large).all() and small[1] == 12000


@pytest.mark.parametrize(
    ("name", "conservative", "message"),
    [
        ("kapoho-pint", False, "did you mean 'kapoho-point'"),
        ("nahuku", True, "--conservative is for boards of Loihi 2"),
    ],
)
def test_unknown_boards_are_refused(name, conservative, message):
    with pytest.raises(InputError, match=message):
        find_board(name, conservative)


# Entries (places of the kernel times channels in) and channels out of the slices of
# YOLO-KP, from the table of its layers in the same notebook.
CONVOLUTIONS = {
    "Conv(4,14,48)": (1 * 512, 48),
    "Conv(8,7,64) a": (9 * 256, 64),
    "Conv(2,7,256)": (1 * 512, 256),
    "Conv(8,7,64) b": (9 * 256, 64),
    "Conv(8,7,64) c": (9 * 256, 64),
    "Conv(4,7,128) a": (9 * 128, 128),
    "Conv(4,7,128) b": (9 * 64, 128),
    "Conv(4,14,64)": (9 * 32, 64),
    "Conv(8,14,32)": (9 * 16, 32),
    "Conv(8,28,16)": (9 * 3, 16),
}


@rows("column_sum")
def test_published_percentages_of_shared_kernels(row):
    """For each row there is a width of weights with which the kernel, once a core,
    takes the published words; with an index in every synapse there is none."""
    entries, channels = CONVOLUTIONS[row["name"].removeprefix("lava-dl YOLO, ")]

    def fitting(index_bits):
        return [
            bits
            for bits in range(1, 9)
            if abs(
                percent(
                    "synapses",
                    entries * int(LOIHI2.axon_words(channels, bits + index_bits)),
                )
                - row["published"]["synapses"]
            )
            <= TOLERANCE
        ]

    assert set(fitting(LOIHI2.shared.value)) & set(range(4, 8))
    assert not fitting(LOIHI2.index_bits.value)
