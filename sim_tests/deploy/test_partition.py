"""Slices, packing, and the answers of `fit`."""

import re

import numpy as np
import pytest

from lava_sfdfa.deploy.boards import (
    BOARDS,
    LOIHI1,
    LOIHI2,
    LOIHI2_CONSERVATIVE,
    find_board,
)
from lava_sfdfa.deploy.mapping.fit import Request, fit, lower_bounds, smallest_change
from lava_sfdfa.deploy.mapping.graph import MODES, build_graph, parse_layers
from lava_sfdfa.deploy.mapping.partition import count_targets, partition, slice_use
from lava_sfdfa.errors import CheckError, InputError

MODELS = (LOIHI1, LOIHI2, LOIHI2_CONSERVATIVE)
SIZES = [(784, 800, 10), (64, 200, 10), (784, 400, 200, 10), (100, 2000, 7, 900, 5)]


def check(graph, model, packed):
    """Every neuron once, and no core beyond its budget, counted anew."""
    limits = model.limit_vector
    targets = count_targets(graph, packed)
    use = np.zeros_like(packed.use)
    for number, population in enumerate(graph.populations):
        slices = packed.slices_of(number)
        begin, end = packed.begin[slices], packed.end[slices]
        assert begin[0] == 0 and end[-1] == population.size
        np.testing.assert_array_equal(begin[1:], end[:-1])
        assert (end > begin).all()
        for cut in slices:
            n = int(packed.end[cut] - packed.begin[cut])
            one = slice_use(graph, model, number, n, int(targets[number]))
            use[packed.core[cut]] += one
    assert (use <= limits).all() and (use[:, 1] > 0).any()
    assert (use <= packed.use).all()  # packed with at least the targets there are
    assert set(packed.core.tolist()) == set(range(packed.n_cores))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sizes", SIZES)
def test_every_neuron_has_a_core_and_no_core_too_much(sizes, mode, model):
    graph = build_graph(sizes, mode)
    packed = partition(graph, model)
    check(graph, model, packed)
    again = partition(graph, model)
    np.testing.assert_array_equal(packed.core, again.core)
    np.testing.assert_array_equal(packed.begin, again.begin)


# Neurons a core and cores of the hidden layer, worked out by hand in whole words from
# the budgets: 16000 words for 784 inputs and 10 errors are 20 words an axon, 1280 bits,
# less 10 of the header, over 36 bits a synapse (inference: 784 inputs, 20 bits).
@pytest.mark.parametrize(
    ("sizes", "board", "small", "mode", "per_core", "n_cores"),
    [
        ((784, 100, 10), "oheo-gulch", False, "learning", 35, 3),
        ((784, 800, 10), "oheo-gulch", False, "learning", 35, 23),
        ((784, 800, 10), "oheo-gulch", True, "learning", 26, 31),
        ((784, 800, 10), "oheo-gulch", False, "inference", 63, 13),
        ((2312, 800, 10), "oheo-gulch", False, "learning", 10, 80),
        ((2312, 800, 10), "oheo-gulch", True, "learning", 8, 100),
        ((2312, 800, 10), "oheo-gulch", False, "inference", 18, 45),
        ((784, 800, 10), "kapoho-bay", False, "learning", 74, 11),
    ],
)
def test_known_capacities(sizes, board, small, mode, per_core, n_cores):
    found, _, _ = fit(Request(sizes, find_board(board, small), mode))
    hidden = found.layers[1]
    assert (hidden.neurons_per_core, hidden.cores) == (per_core, n_cores)
    assert hidden.limiting_resource == "synapses" and found.fits


@pytest.mark.parametrize(
    ("sizes", "board", "cores", "bound"),
    [
        ((784, 800, 10), "oheo-gulch", 24, 23),
        ((784, 800, 10), "kapoho-bay", 11, 10),
        ((2312, 800, 10), "oheo-gulch", 81, 66),
    ],
)
def test_cores_against_the_lower_bound(sizes, board, cores, bound):
    found, _, _ = fit(Request(sizes, find_board(board), "learning"))
    assert (found.cores, found.lower_bound.cores) == (cores, bound)
    # By hand: bits of all plastic synapses (36, or 16 on Loihi 1) over a core's memory.
    n_synapses = sizes[0] * sizes[1] + 2 * sizes[1] * sizes[2]
    bits, words = (16, 16384) if board == "kapoho-bay" else (36, 16000)
    assert abs(n_synapses * bits / 64 / words - bound) < 1
    assert (found.why_above is None) == (cores <= 1.1 * bound)
    if found.why_above:
        assert "holds 10 neurons at most: 80 cores" in found.why_above


def test_small_populations_share_a_core():
    graph = build_graph((784, 800, 10), "learning")
    packed = partition(graph, LOIHI2)
    alone = {int(packed.core[packed.slices_of(k)][0]) for k in (0, 2, 3, 4)}
    assert len(alone) == 1
    assert [p.name for p in graph.populations] == [
        "input", "hidden", "output", "label", "error",
    ]  # fmt: skip


def test_learning_counts_feedback_and_errors():
    graph = build_graph((20, 5, 3), "learning")
    kinds = {(p.kind, p.plastic): 0 for p in graph.projections}
    for projection in graph.projections:
        kinds[projection.kind, projection.plastic] += 1
    assert kinds == {
        ("forward", True): 2,
        ("identity", False): 3,
        ("feedback", True): 1,
    }
    # 20 inputs and 3 errors on 5 neurons: 23 axons of 190 bits, 3 words each.
    use = slice_use(graph, LOIHI2, 1, 5, 1)
    assert use.tolist() == [23, 69, 10, 5, 0, 1, 23 + 69 + 10 + 5 + 1]
    random = build_graph((20, 5, 3), "learning", feedback="random")
    # Errors through fixed weights: 3 axons of 110 bits, 2 words each.
    assert slice_use(random, LOIHI2, 1, 5, 1)[1] == 20 * 3 + 3 * 2
    # On Loihi 1 a core that learns has no static synapses, and two slots an axon.
    assert slice_use(random, LOIHI1, 1, 5, 1)[:2].tolist() == [46, 23 * 2]


def test_the_second_tag_takes_memory():
    one, two = (
        fit(Request((784, 800, 10), BOARDS["oheo-gulch"], "learning", eligibility=e))[0]
        for e in ("trace", "recursive")
    )
    assert two.cores > one.cores
    assert any("second tag" in note for note in two.notes)
    found, _, packed = fit(
        Request((784, 800, 10), BOARDS["nahuku"], "learning", eligibility="recursive")
    )
    assert packed is None and "second tag" in found.reason


def test_a_layer_that_can_never_fit_is_refused_with_the_remedy():
    graph = build_graph((2312, 800, 10), "learning")
    with pytest.raises(CheckError) as caught:
        partition(graph, LOIHI1)
    sentence = str(caught.value)
    for part in (
        "'hidden'",
        "input axons",
        "4,644",
        "4,096",
        "2,038 neurons in 'input'",
    ):
        assert part in sentence


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layer", [0, 1])
def test_the_remedy_for_too_many_inputs_is_exact(layer, mode, model):
    sizes = [20, 20, 4]
    sizes[layer] = 50_000
    with pytest.raises(CheckError) as caught:
        partition(build_graph(tuple(sizes), mode), model)
    most = int(
        re.search(r"use ([\d,]+) neurons", str(caught.value))[1].replace(",", "")
    )
    sizes[layer] = most
    graph = build_graph(tuple(sizes), mode)
    check(graph, model, partition(graph, model))
    sizes[layer] = most + 1
    with pytest.raises(CheckError, match=f"use {most:,} neurons"):
        partition(build_graph(tuple(sizes), mode), model)


def test_the_smallest_change_makes_it_fit():
    request = Request((784, 8000, 10), BOARDS["oheo-gulch"], "learning")
    found, _, packed = fit(request)
    assert not found.fits and found.chips == 2
    change = smallest_change(request, packed)
    assert change == found.smallest_change
    n = int(change.split()[0])
    assert 3000 < n < 8000 and "kapoho-point" in change
    for size, fits in ((n, True), (n + 1, False)):
        changed = Request((784, size, 10), BOARDS["oheo-gulch"], "learning")
        assert fit(changed)[0].fits is fits
    narrow = Request((784, 4200, 10), BOARDS["oheo-gulch"], "learning")
    found, _, _ = fit(narrow)
    assert found.smallest_change.startswith("weights of 7 bits")
    cores = partition(narrow.graph(weight_bits=7), LOIHI2).n_cores
    assert cores <= 120 and f"({cores} cores)" in found.smallest_change


def test_symmetric_feedback_cannot_be_learned_on_a_chip():
    with pytest.raises(CheckError, match="copies the forward weights"):
        build_graph((4, 3, 2), "learning", feedback="symmetric")
    assert build_graph((4, 3, 2), "inference", feedback="symmetric").projections


@pytest.mark.parametrize(
    "text", ["", "784", "784,10", "784,x,10", "784,0,10", "1,2,1e9"]
)
def test_layers_that_are_none_are_refused(text):
    with pytest.raises(InputError, match="layers must be"):
        parse_layers(text)


@pytest.mark.parametrize("board", ["oheo-gulch", "nahuku"])
@pytest.mark.parametrize("mode", MODES)
def test_lower_bounds_count_every_input_axon(mode, board):
    request = Request((30_000, 12, 3), BOARDS[board], mode)
    graph, model = request.graph(), request.board.model
    axons = 0
    for projection in graph.projections:
        plastic = projection.plastic or (model.is_all_plastic and mode == "learning")
        slots = model.plastic_slots.value if plastic else 1
        axons += slots * graph.populations[projection.source].size
    bound = lower_bounds(graph, request)["axon_in"]
    assert bound == -(-axons // model.limits["axon_in"].value) > 1


def test_three_numbers_are_layers_enough():
    assert parse_layers("4,3,2") == (4, 3, 2)
    with pytest.raises(InputError, match="at least three"):
        parse_layers("4,2")
