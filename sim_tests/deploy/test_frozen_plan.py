"""Frozen layers and biases on cores: what is counted, placed, proved and run."""

import copy
import dataclasses
import json
import random
import re

import numpy as np
import pytest
from small import random_samples, small_config, small_network
from test_check import FREE as OWN_FREE
from test_check import edit_array as edit_one_array
from test_check import edit_fact
from test_simulate import (
    BOARD,
    compare_classes,
    compare_learning,
    compare_messages,
    compiled,
    make_artifact,
    request,
    scattered,
)

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.deploy.boards import (
    BOARDS,
    LOIHI1,
    LOIHI2,
    LOIHI2_CONSERVATIVE,
    Fact,
    find_board,
)
from lava_sfdfa.deploy.compiler import place_and_cost
from lava_sfdfa.deploy.mapping.activity import measure
from lava_sfdfa.deploy.mapping.fit import Request, fit
from lava_sfdfa.deploy.mapping.graph import MODES
from lava_sfdfa.deploy.mapping.partition import (
    AXON_IN,
    AXON_OUT,
    NEURONS,
    SYNAPSES,
    count_targets,
    frozen_use,
    partition,
)
from lava_sfdfa.deploy.mapping.reach import reached, synapses
from lava_sfdfa.deploy.mapping.traffic import core_loads
from lava_sfdfa.deploy.plan.check import check_content
from lava_sfdfa.deploy.plan.files import read_plan, write_plan
from lava_sfdfa.deploy.plan.page import html_page
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.deploy.plan.report import text_report
from lava_sfdfa.deploy.run.board import refuse_front
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.errors import BackendError, CheckError, InputError, SfdfaError
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer, dense_weights

N_SAMPLES = 6
MODELS = (LOIHI1, LOIHI2, LOIHI2_CONSERVATIVE)


def small_cores(model, name, **limits):
    """A board with small cores, so that small networks spread over many."""
    invented = {
        what: Fact(value, "invented for this test", "L")
        for what, value in {"neurons": 24, **limits}.items()
    }
    small = dataclasses.replace(
        model,
        name=name,
        cores_per_chip=Fact(3, "invented for this test", "L"),
        limits={**model.limits, **invented},
    )
    return dataclasses.replace(BOARD, name=name, model=small)


BOARDS_HERE = [
    small_cores(LOIHI1, "small-1", synapses=400),
    small_cores(LOIHI2, "small-2", synapses=300),
]
on_both = pytest.mark.parametrize("board", BOARDS_HERE, ids=lambda board: board.name)


def ones(*shape):
    return np.ones(shape, np.int8)


def random_layer(rng, input_shape, groups=1, **changes):
    """A convolution of random geometry, whose neurons spike now and then."""
    kernel = rng.randint(-40, 100, (4, *rng.randint(1, 4, 2), input_shape[2] // groups))
    values = {
        "stride": tuple(rng.randint(1, 4, 2)),
        "padding": tuple(rng.randint(0, 3, 2)),
        "dilation": tuple(rng.randint(1, 3, 2)),
        "channels_first": bool(rng.randint(2)),
        "bias": rng.randint(-100, 300, 4).astype(np.int32) if rng.randint(2) else None,
        **changes,
    }
    return FrozenLayer(
        kernel.astype(np.int8), input_shape, 1500, 400, 100, groups=groups, **values
    )


def random_front(seed):
    """A convolution, one in two groups, and a dense layer, on images of 6x7x2."""
    rng = np.random.RandomState(seed)
    first = random_layer(rng, (6, 7, 2), stride=(1, 2), padding=(1, 0), dilation=(1, 1))
    second = random_layer(
        rng, first.output_shape, 2, stride=(2, 1), padding=(1, 1), channels_first=False
    )
    weights = rng.randint(-40, 60, (9, second.n_post)).astype(np.int8)
    bias = rng.randint(-200, 400, 9).astype(np.int32)
    return (first, second, dense_layer(weights, 1500, 400, 100, bias))


def with_front(front, biases=True, **settings):
    """An artifact of a small network above frozen layers."""
    config = small_config(**{"hidden": (10, 8), **settings})
    network = small_network(config, n_inputs=front[-1].n_post)
    layers = network.layers
    if biases:
        rng = np.random.RandomState(1)
        layers = tuple(
            dataclasses.replace(
                layer, bias=rng.randint(-150, 250, layer.n_post).astype(np.int32)
            )
            for layer in layers
        )
    network = dataclasses.replace(network, front=front, layers=layers)
    return make_artifact(network, config)


def samples_for(artifact, n_samples=N_SAMPLES):
    return random_samples(
        artifact.config, n_samples, n_inputs=artifact.network.n_inputs
    )


# --- what reaches a slice -----------------------------------------------------------


def geometries():
    """Layers of every kind, and a slice of each."""
    for seed in range(60):
        rng = np.random.RandomState(seed)
        shape = (*rng.randint(4, 9, 2), 2 * rng.randint(1, 3))
        try:
            layer = random_layer(rng, tuple(shape), rng.choice([1, 2]))
        except InputError:  # the kernel does not fit the image
            continue
        begin, end = np.sort(rng.choice(layer.n_post + 1, 2, replace=False))
        yield layer, int(begin), int(end)
    dense = dense_layer(np.arange(-30, 30).reshape(6, 10).astype(np.int8), 1, 1, 1)
    yield dense, 2, 5


def test_what_reaches_a_slice_is_what_the_dense_weights_say():
    n = 0
    for layer, begin, end in geometries():
        all_ones = dataclasses.replace(layer, kernel=np.ones_like(layer.kernel))
        pattern = dense_weights(all_ones)[begin:end]
        inputs, counts = reached(layer, begin, end)
        np.testing.assert_array_equal(inputs, np.flatnonzero(pattern.any(axis=0)))
        np.testing.assert_array_equal(counts, pattern.sum(axis=0)[inputs])
        held = synapses(layer, begin, end)
        np.testing.assert_array_equal(held.inputs, inputs)
        np.testing.assert_array_equal(np.diff(held.first), counts)
        found = np.zeros_like(pattern)
        axon = np.repeat(held.inputs, counts)
        found[held.neuron, axon] = held.weight
        np.testing.assert_array_equal(found, dense_weights(layer)[begin:end])
        n += layer.groups == 2 and layer.channels_first
    assert n > 3


def test_synapses_on_a_core_by_hand():
    layer = FrozenLayer(ones(16, 5, 5, 1), (28, 28, 1), 1, 1, 1, stride=(2, 2))
    # On Loihi 2 the kernel once: 25 entries of 16 * 8 + 10 bits, 3 words each.
    assert frozen_use(layer, LOIHI2, 8, 0, 2304)[:2] == (729, 75)  # 27 rows, columns
    assert frozen_use(layer, LOIHI2, 8, 0, 16)[:2] == (25, 75)
    assert frozen_use(layer, LOIHI2, 8, 3, 10)[:2] == (25, 50)  # 7 * 8 + 10 bits
    assert frozen_use(layer, LOIHI2, 8, 3, 9)[:2] == (25, 25)  # 6 * 8 + 10
    # On Loihi 1 each synapse, of 18 bits: a pixel has 25 axons of 16 * 18 + 20 bits.
    assert frozen_use(layer, LOIHI1, 8, 16, 32)[:2] == (25, 25 * 5)
    # Two rows of neurons read 7 rows of inputs.
    assert frozen_use(layer, LOIHI2, 8, 0, 2 * 12 * 16)[0] == 7 * 27
    dense = dense_layer(ones(100, 800), 1, 1, 1)
    assert frozen_use(dense, LOIHI2, 8, 5, 25) == (800, 800 * 7, 7)  # 20 * 20 + 10


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_synapses_on_a_core_are_those_of_the_dense_weights(model):
    for layer, begin, end in geometries():
        all_ones = dataclasses.replace(layer, kernel=np.ones_like(layer.kernel))
        counts = dense_weights(all_ones)[begin:end].sum(axis=0)
        counts = counts[counts > 0]
        axons, words, longest = frozen_use(layer, model, 8, begin, end)
        assert axons == len(counts)
        if model.shared is None and not layer.is_dense:
            each = [int(model.axon_words(int(count), 18)) for count in counts]
            assert (words, longest) == (sum(each), max(each, default=0))


# --- slices and cores ---------------------------------------------------------------


def recount(graph, model, packed):
    """Every neuron once, no core beyond its budget, static synapses apart."""
    targets, use = count_targets(graph, packed), np.zeros_like(packed.use)
    for number, population in enumerate(graph.populations):
        slices = packed.slices_of(number)
        begin, end = packed.begin[slices], packed.end[slices]
        assert begin[0] == 0 and end[-1] == population.size
        np.testing.assert_array_equal(begin[1:], end[:-1])
        layer = graph.frozen_into(number)
        for cut in slices if layer is not None else ():
            band = int(packed.begin[cut]), int(packed.end[cut])
            axons, words, longest = frozen_use(layer, model, 8, *band)
            core, n = packed.core[cut], band[1] - band[0]
            assert longest <= model.axon_words_most.value
            use[core, [AXON_IN, SYNAPSES, NEURONS]] += (axons, words, n)
            use[core, AXON_OUT] += n * (targets[number] if model.is_unicast else 1)
    assert use.any() and (use <= packed.use).all()
    assert (packed.use <= model.limit_vector).all()
    frozen = (packed.population >= 1) & (packed.population <= len(graph.front))
    has_inputs = [bool(graph.into(k)) for k in packed.population]
    learns = has_inputs & ~frozen
    if model.is_all_plastic and graph.mode == "learning":
        assert not set(packed.core[frozen]) & set(packed.core[learns])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "model", [*MODELS, *(board.model for board in BOARDS_HERE)], ids=lambda m: m.name
)
def test_every_frozen_neuron_has_a_core_and_no_core_too_much(model, mode):
    board = dataclasses.replace(BOARD, model=model)
    for seed in range(3):
        artifact = with_front(random_front(seed)[:2])
        graph = request(artifact.network, artifact.config, mode, board).graph()
        recount(graph, model, partition(graph, model))


FRONT = (
    FrozenLayer(ones(16, 5, 5, 1), (28, 28, 1), 1, 1, 1, stride=(2, 2)),
    FrozenLayer(ones(32, 3, 3, 16), (12, 12, 16), 1, 1, 1, stride=(2, 2)),
)


# 784-2304-800-100-10: cores in all, cores of both convolutions, neurons a core there,
# and what limits them. On Loihi 1 1024 neurons limit the first; 800 neurons of the
# second have 115,200 synapses of 18 bits.
@pytest.mark.parametrize(
    ("board", "small", "mode", "cores", "of_both", "per_core", "limits"),
    [
        ("oheo-gulch", False, "inference", 3, (1, 1), (2304, 800), "neurons"),
        ("oheo-gulch", False, "learning", 4, (1, 1), (2304, 800), "neurons"),
        ("oheo-gulch", True, "inference", 6, (3, 1), (1024, 800), "neurons"),
        ("oheo-gulch", True, "learning", 7, (3, 1), (1024, 800), "neurons"),
        ("kapoho-point", False, "inference", 3, (1, 1), (2304, 800), "neurons"),
        ("kapoho-point", False, "learning", 4, (1, 1), (2304, 800), "neurons"),
        ("hala-point", False, "learning", 4, (1, 1), (2304, 800), "neurons"),
        ("kapoho-bay", False, "inference", 6, (3, 3), (1024, 367), "synapses"),
        ("kapoho-bay", False, "learning", 7, (3, 3), (1024, 367), "synapses"),
        ("nahuku", False, "inference", 6, (3, 3), (1024, 367), "synapses"),
        ("pohoiki-springs", False, "learning", 7, (3, 3), (1024, 367), "synapses"),
    ],
)
def test_two_convolutions_on_boards(
    board, small, mode, cores, of_both, per_core, limits
):
    target = find_board(board, small)
    report, graph, packed = fit(Request((800, 100, 10), target, mode, front=FRONT))
    recount(graph, target.model, packed)
    assert report.fits and report.cores == cores and report.lower_bound.cores <= cores
    assert report.sizes == [784, 2304, 800, 100, 10]
    first, second = report.layers[1:3]
    assert [layer.name for layer in report.layers[:4]] == [
        "input", "frozen1", "frozen2", "hidden",
    ]  # fmt: skip
    assert (first.cores, second.cores) == of_both
    assert (first.neurons_per_core, second.neurons_per_core) == per_core
    assert first.limiting_resource == "neurons"
    assert second.limiting_resource == limits
    text = text_report(report)
    assert "frozen2: frozen, convolution, 32 kernels of 3x3, 12x12x16 to 5x5x32" in text
    words = "keeps its kernel once a core" if target.model.shared else "every synapse"
    assert re.search(f"assumed: .*{words}", text)


def test_a_convolution_that_no_core_holds_is_named():
    front = (FrozenLayer(ones(8, 40, 40, 12), (60, 60, 12), 1, 1, 1),)
    asked = Request(
        (21 * 21 * 8, 100, 10), BOARDS["oheo-gulch"], "learning", front=front
    )
    found = fit(asked)[0]
    assert not found.fits and "layer 'frozen' can never fit" in found.reason
    assert "kernels with fewer places or channels" in found.reason


# --- as placed ------------------------------------------------------------------------


def all_plans(artifact, mode, events):
    """As compiled for small cores of both chips, and scattered."""
    found = [compiled(artifact, mode, events, board) for board in BOARDS_HERE]
    assert min(len(plan.arrays["core_place"]) for plan in found) > 3
    return [*found, scattered(artifact, mode, 1)]


@pytest.mark.parametrize("seed", range(3))
def test_learning_above_a_front_as_placed_equals_the_engine(seed):
    artifact = with_front(random_front(seed)[:2], hidden=(12,))
    events, labels = samples_for(artifact)
    for plan in all_plans(artifact, "learning", events):
        simulator, _ = compare_learning(artifact, plan, events, labels)
        assert simulator.first == 2 and simulator.rates()[0].any()


@pytest.mark.parametrize("feedback", ["sfdfa", "random"])
def test_learning_in_two_hidden_layers_above_a_front(feedback):
    artifact = with_front(random_front(4)[:1], feedback=feedback)
    events, labels = samples_for(artifact)
    for plan in all_plans(artifact, "learning", events):
        compare_learning(artifact, plan, events, labels)


@pytest.mark.parametrize("mode", MODES)
def test_outputs_alone_above_a_front(mode, monkeypatch):
    artifact = with_front(random_front(2)[:2], hidden=())
    events, labels = samples_for(artifact)
    for board in BOARDS_HERE:
        monkeypatch.setitem(BOARDS, board.name, board)
        asked = request(artifact.network, artifact.config, mode, board)
        report, graph, packed = fit(asked)
        activity = measure(graph, artifact.network, events)
        plan = place_and_cost(artifact, asked, report, graph, packed, activity)
        assert check_content(plan.content).holds
        if mode == "learning":
            compare_learning(artifact, plan.content, events, labels)
        else:
            compare_classes(artifact.network, plan.content, events)
    still = with_front(random_front(2)[:2], hidden=(), learning_rate=0.0)
    compare_messages(still, mode, events, labels, BOARDS_HERE[0])
    asked = dataclasses.replace(asked, board=find_board("oheo-gulch"))
    assert [layer.name for layer in fit(asked)[0].layers[:4]] == [
        "input", "frozen1", "frozen2", "output",
    ]  # fmt: skip


def test_learning_above_a_front_with_second_tags_and_shared_noise():
    artifact = with_front(
        random_front(5)[:2], hidden=(12,), eligibility="recursive", rounding="shared"
    )
    events, labels = samples_for(artifact)
    for plan in (
        compiled(artifact, "learning", events, BOARDS_HERE[1]),
        scattered(artifact, "learning", 2),
    ):
        compare_learning(artifact, plan, events, labels)


@pytest.mark.parametrize("seed", range(4))
def test_classifying_above_a_front_as_placed_equals_the_engine(seed):
    artifact = with_front(random_front(seed), biases=bool(seed % 2))
    events, _ = samples_for(artifact, 8)
    assert through_front(artifact.network.front, events, 24).index.size > 50
    for plan in [scattered(artifact, "inference", seed) for seed in range(3)]:
        compare_classes(artifact.network, plan, events)


def test_biases_without_a_front():
    artifact = with_front(random_front(0)[:1], hidden=(12,))
    network = dataclasses.replace(artifact.network, front=())
    artifact = make_artifact(network, artifact.config)
    events, labels = samples_for(artifact)
    for plan in all_plans(artifact, "learning", events):
        assert plan.arrays["biases"].tolist() == [
            *network.layers[0].bias, *network.layers[1].bias,
        ]  # fmt: skip
        compare_learning(artifact, plan, events, labels)
    none = tuple(dataclasses.replace(layer, bias=None) for layer in network.layers)
    other = make_artifact(dataclasses.replace(network, layers=none), artifact.config)
    assert "biases" not in scattered(other, "learning", 0).arrays


@pytest.mark.parametrize("mode", MODES)
@on_both
def test_messages_of_a_front_are_those_that_were_counted(board, mode):
    artifact = with_front(random_front(2)[:2], hidden=(12,), learning_rate=0.0)
    compare_messages(artifact, mode, *samples_for(artifact), board)


@on_both
def test_synaptic_operations_are_events_times_the_synapses_they_reach(board):
    artifact = with_front(random_front(3)[:2], hidden=(12,))
    network, model = artifact.network, board.model
    events, _ = samples_for(artifact)
    graph = request(network, artifact.config, "inference", board).graph()
    packed = partition(graph, model)
    loads = core_loads(graph, packed, measure(graph, network, events))
    wanted, received, sent = 0, 0, events
    for number, layer in enumerate(network.front):
        all_ones = dataclasses.replace(layer, kernel=np.ones_like(layer.kernel))
        pattern = dense_weights(all_ones)
        n_spikes = np.bincount(sent.index, minlength=layer.n_pre)
        wanted += int((pattern @ n_spikes).sum())
        for cut in packed.slices_of(number + 1):
            band = slice(packed.begin[cut], packed.end[cut])
            received += int(n_spikes[pattern[band].any(axis=0)].sum())
        sent = through_front((layer,), sent, network.steps)
    into_head = int(sent.index.size)
    hidden = measure(graph, network, events).spikes[3].sum()
    slices = [len(packed.slices_of(k)) for k in (3, 4)]
    assert loads["synapses"].sum() == wanted + into_head * 12 + hidden * 3
    assert loads["received"].sum() == (
        received + into_head * slices[0] + hidden * slices[1]
    )


# --- plans that were edited -----------------------------------------------------------


@pytest.fixture(scope="module", params=BOARDS_HERE, ids=lambda board: board.name)
def plan(request):
    """A plan with two convolutions and biases, on boards that the tests add."""
    board = request.param
    artifact = with_front(random_front(1)[:2], hidden=(12,))
    network, config = artifact.network, artifact.config
    asked = Request(network.sizes, board, "learning", front=network.front)
    report, graph, packed = fit(asked)
    activity = measure(graph, network, samples_for(artifact)[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BOARDS, board.name, board)
        assert report.fits and config.feedback == "sfdfa"
        yield place_and_cost(artifact, asked, report, graph, packed, activity)


def test_a_plan_with_a_front_comes_back_as_it_was(plan, tmp_path):
    write_plan(tmp_path, plan.content)
    found = read_plan(tmp_path)
    assert found.digest == plan.digest and check_content(found).holds
    again = ls.load_plan(tmp_path).report
    assert again.to_json() == plan.report.to_json()
    assert found.sizes == (84, *(layer.n_post for layer in found.front), 12, 3)


def edit_array(name, change):
    def edit(_, arrays):
        arrays[name] = change(arrays[name].copy())

    return edit


def edit_front(number=0, **values):
    def edit(facts, _):
        facts["front"][number].update(values)

    return edit


def without_an_axon(facts, arrays):
    """The last axon of a core, and the message that goes there, are left out."""
    arrays["axon_in_first"][-1] -= 1
    for name in ("axon_in_connection", "axon_in_source", "axon_in_row"):
        arrays[name] = arrays[name][:-1]


def first_input_elsewhere(facts, arrays):
    """The first axon of a frozen slice comes from another input."""
    kinds = [projection["kind"] for projection in facts["projections"]]
    connection = arrays["connection_projection"][arrays["axon_in_connection"]]
    axon = np.flatnonzero(connection == kinds.index("frozen"))[0]
    arrays["axon_in_source"][axon] += 1


def without_a_front(facts, arrays):
    del facts["front"], arrays["kernels"]


def put(array, where, value):
    array[where] = value
    return array


EDITS = {
    "an axon less": (without_an_axon, CheckError, "axon_in_first"),
    "an axon of another input": (first_input_elsewhere, CheckError, "axon_in_source"),
    "a kernel that is too short": (
        edit_array("kernels", lambda x: x[1:]), CheckError, "kernels has",
    ),
    "a kernel out of range": (
        edit_array("kernels", lambda x: x.astype(np.int16) * 5), InputError, "int8",
    ),
    "biases that are too many": (
        edit_array("biases", lambda x: np.append(x, x[:1])), CheckError, "biases has",
    ),
    "a bias that no chip holds": (
        edit_array("biases", lambda x: put(x, 0, 2**30)), InputError, "bias has",
    ),
    "a bias of a layer that no chip holds": (
        edit_array("biases", lambda x: put(x, -1, 2**30)), InputError, "bias has",
    ),
    "no kernels": (lambda _, arrays: arrays.pop("kernels"), CheckError, "kernels has"),
    "no front": (without_a_front, CheckError, "biases has|populations|config"),
    "another stride": (edit_front(stride=[1, 1]), CheckError, r"front\[0\] has"),
    "another padding": (edit_front(padding=[0, 1]), CheckError, r"front\[0\] has"),
    "no stride": (edit_front(stride=[0, 1]), InputError, "front: stride must be"),
    "a stride of three": (edit_front(stride=[1, 1, 1]), InputError, "stride must be 2"),
    "channels in another order": (
        edit_front(1, channels_first=True), CheckError, "axon_|from the rest",
    ),
    "groups that do not divide": (edit_front(groups=3), InputError, "front: kernel"),
    "another image": (
        edit_front(input_shape=[7, 6, 2]), CheckError, r"front\[0\]|axon",
    ),
    "another kernel": (
        edit_front(kernel_shape=[4, 1, 1, 1]), CheckError, "kernels has",
    ),
    "a kernel in three dimensions": (
        edit_front(kernel_shape=[4, 2, 2]), InputError, "must have 4 entries",
    ),
    "an endless kernel": (
        edit_front(kernel_shape=[2**24] * 4), CheckError, "kernels has",
    ),
    "a threshold": (edit_front(vth=2**17), InputError, r"front\[0\].vth must be"),
    "a name more": (edit_front(gain=1), InputError, r"a name in front\[0\]"),
    "a layer less": (
        lambda facts, _: facts["front"].pop(), CheckError, "kernels has|biases has",
    ),
    "no biases": (edit_front(has_bias=None), InputError, "has_bias"),
    "messages that are too many": (
        edit_array("axon_out_first", lambda x: np.append(x, x[-1])),
        CheckError, "axon_out_first has",
    ),
    "weights of a frozen connection": (
        edit_array("connection_first", lambda x: put(x, 1, 5)), CheckError, "_first",
    ),
    "other words": (
        edit_array("connection_words", lambda x: put(x, 0, 1)), CheckError, "_words",
    ),
    "frozen synapses that learn": (
        lambda facts, _: facts["projections"][0].update(plastic=True),
        CheckError, r"projections\[0\].plastic",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_plan_is_refused(plan, name, tmp_path):
    edit, kind, message = EDITS[name]
    facts, arrays = copy.deepcopy((plan.content.facts, dict(plan.content.arrays)))
    edit(facts, arrays)
    write_plan(tmp_path, PlanContent(facts, arrays))
    with pytest.raises(kind, match=message) as caught:
        read_plan(tmp_path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


def test_another_kernel_is_the_plan_of_another_network(plan):
    """A value in range is whole, as other weights are, with another digest."""
    arrays = dict(plan.content.arrays)
    arrays["kernels"] = put(arrays["kernels"].copy(), 3, 7)
    other = PlanContent(plan.content.facts, arrays)
    assert check_content(other).holds and other.digest != plan.digest


# What may have another value and be a whole plan, see `test_check.py`.
FREE = re.compile(rf"{OWN_FREE.pattern}|kernels|biases|front\.\d\.(du|dv|vth)")
N_EDITS = 120


def test_a_random_edit_is_refused_or_changes_nothing(plan):
    content, draw = plan.content, random.Random(1)
    artifact = with_front(content.front, hidden=(12,))
    events, labels = samples_for(artifact, 2)

    def result(some):
        simulator = Simulator(some)
        simulator.learn(events, labels, np.arange(2))
        weights = [x.weights.tolist() for x in simulator.learned_network().layers]
        return simulator.spikes, weights

    right, n_refused = result(content), 0
    for number in range(N_EDITS):
        facts, arrays = copy.deepcopy((content.facts, dict(content.arrays)))
        edit = (edit_front_fact, edit_fact, edit_one_array)[number % 3]
        name = edit(draw, facts, arrays)
        other = PlanContent(json.loads(json.dumps(facts)), arrays)
        try:
            check_content(other)
        except SfdfaError as error:
            assert "\n" not in str(error) and len(str(error)) < 2000
            n_refused += 1
            continue
        if not FREE.fullmatch(name):
            assert result(other) == right, name
    assert n_refused > 0.6 * N_EDITS


def edit_front_fact(draw, facts, arrays):
    """As `edit_fact` does it, of the frozen layers."""
    return "front." + edit_fact(draw, facts["front"], arrays)


# --- from training to a run -----------------------------------------------------------


def test_page_and_text_show_what_is_frozen(plan):
    page, text = html_page(plan.report, plan.placement), text_report(plan.report)
    for number, layer in enumerate(plan.content.front):
        assert f"frozen{number + 1}: frozen, {layer}" in text
        assert f"frozen{number + 1} 0.." in page and f"frozen, {layer}" in page
    assert "Green frames" in page and page.count('stroke="#0b7a75"') > 1


def test_train_compile_check_and_run_above_a_front(tmp_path):
    below = ls.train("digits", hidden=[40], epochs=1)
    model = ls.train("digits", front=below, hidden=[20], epochs=1)
    for mode, board in (("learning", "kapoho-bay"), ("inference", "oheo-gulch")):
        report = ls.fit(model, board=board, mode=mode)
        assert report.fits and report.sizes == [64, 40, 20, 10]
        plan = model.compile(board=board, mode=mode)
        plan.save(tmp_path)
        assert ls.load_plan(tmp_path).check().digest == plan.digest
        found = ls.load_plan(tmp_path).run(samples=20, data="digits")
        assert found.samples == 20 and found.mode == mode
    data = load_dataset("digits", None)
    part = encode_for(model.artifact.network, data.test.first(20), model.config)
    predicted, _ = Engine(model.artifact.network).classify(part.events)
    assert found.accuracy == np.mean(predicted == part.labels) > 0.1


def test_a_board_refuses_frozen_layers_and_biases_with_a_sentence():
    network = with_front(random_front(1)[:2]).network
    with pytest.raises(BackendError, match="2 frozen layers.*run the plan with --tar"):
        refuse_front(network)
    with pytest.raises(BackendError, match="has biases.*run the plan with --target"):
        refuse_front(dataclasses.replace(network, front=()))
