"""What `check` proves of a plan: whole ones pass, and every edit of one is refused.

All edits here have the digest of what they are: a digest proves identity only.
"""

import copy
import dataclasses
import json
import math
import random
import re

import numpy as np
import pytest
from small import random_samples, small_config, small_network
from test_simulate import BOARD, TINY, make_artifact

import lava_sfdfa as ls
from lava_sfdfa.deploy.boards import BOARDS
from lava_sfdfa.deploy.compiler import place_and_cost
from lava_sfdfa.deploy.mapping.activity import measure
from lava_sfdfa.deploy.mapping.fit import Request, fit
from lava_sfdfa.deploy.plan.check import check_content
from lava_sfdfa.deploy.plan.files import read_plan, write_plan
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.deploy.plan.schema import ARRAYS
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.errors import CheckError, InputError, SfdfaError

CONFIG = small_config(hidden=(10, 8))
EVENTS, LABELS = random_samples(CONFIG, 5)


def tiny_plan(mode: str) -> PlanContent:
    """A network with two hidden layers on many tiny cores."""
    network = small_network(CONFIG)
    request = Request(network.sizes, BOARD, mode)
    report, graph, packed = fit(request)
    activity = measure(graph, network, EVENTS)
    artifact = make_artifact(network, CONFIG)
    plan = place_and_cost(artifact, request, report, graph, packed, activity)
    return plan.content


@pytest.fixture(scope="module")
def whole():
    """A plan of each mode, on a board that the tests add."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BOARDS, BOARD.name, BOARD)
        yield {mode: tiny_plan(mode) for mode in ("learning", "inference")}


def edited(content: PlanContent, edit) -> PlanContent:
    """A copy that `edit` has changed: it takes the facts and the arrays."""
    facts, arrays = copy.deepcopy((content.facts, content.arrays))
    edit(facts, arrays)
    return PlanContent(facts, arrays)


# --- whole plans ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "board", "mode"),
    [
        ({"hidden": [30]}, "oheo-gulch", "learning"),
        ({"hidden": [30]}, "kapoho-bay", "inference"),
        ({"hidden": [30]}, "nahuku", "learning"),
        ({"hidden": [900]}, "oheo-gulch", "inference"),
        ({"hidden": [900, 20]}, "kapoho-point", "learning"),
        ({"hidden": [20], "eligibility": "recursive"}, "hala-point", "learning"),
        ({"hidden": [20], "feedback": "symmetric"}, "oheo-gulch", "inference"),
        ({"hidden": [20], "feedback": "random", "wake": False}, "nahuku", "learning"),
    ],
)
def test_what_compile_makes_passes(settings, board, mode, tmp_path):
    model = ls.train("digits", epochs=1, limit=5, **settings)
    for conservative in {False, board == "oheo-gulch"}:
        plan = model.compile(board=board, mode=mode, conservative=conservative)
        found = plan.check()
        assert found.holds and (found.board, found.mode) == (board, mode)
        assert found.cores == plan.report.cores and found.digest == plan.digest
        assert found.neurons >= sum(plan.content.sizes) and found.axons > 0
        assert found.weights == len(plan.content.arrays["weights"])
        plan.save(tmp_path)
        assert ls.load_plan(tmp_path).check() == found


def test_a_network_without_a_rule_passes(tmp_path):
    model = ls.train("digits", hidden=[20], epochs=1, limit=5)
    model.export(tmp_path / "a.net")
    alone = ls.import_network(tmp_path / "a.net", hidden=[20])
    assert alone.compile(board="oheo-gulch", mode="inference").check().holds


def test_a_check_leaves_the_plan_as_it_is(whole):
    for content in whole.values():
        before = copy.deepcopy(content)
        check_content(content)
        assert before.digest == content.digest and before.facts == content.facts


def test_sizes_that_no_weights_stand_for_are_refused_before_they_are_placed(whole):
    def edit(facts, _):
        facts["config"]["hidden"] = [10**4, 10**4]

    with pytest.raises(CheckError, match=r"populations\[1\].size is 10; .* 10000"):
        check_content(edited(whole["learning"], edit))


# --- edits one by one ---------------------------------------------------------------


def steps(path: str):
    """The names and positions in a path such as `layers.0.du`."""
    return [int(x) if x.isdigit() else x for x in path.split(".")]


def holder_of(facts, path):
    """The dictionary or list in which a path ends, and the name there."""
    for name in path[:-1]:
        facts = facts[name]
    return facts, path[-1]


def fact(path: str, value):
    """Set a field of the facts, such as `layers.0.du`; a function changes it."""

    def edit(facts, _):
        holder, last = holder_of(facts, steps(path))
        holder[last] = value(holder[last]) if callable(value) else value

    return edit


def without(path: str):
    """Leave a field of the facts out."""

    def edit(facts, _):
        holder, last = holder_of(facts, steps(path))
        del holder[last]

    return edit


def array(name: str, change):
    """Change an array: `change` gives the one that takes its place."""

    def edit(_, arrays):
        arrays[name] = change(arrays[name])

    return edit


def one(name: str, where, value):
    """Change an element of an array."""

    def edit(_, arrays):
        arrays[name][where] = value(arrays[name]) if callable(value) else value

    return edit


def nested(depth: int):
    """Lists in lists."""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def overlap(_, arrays):
    """The second slice of a population begins a neuron earlier."""
    cut = np.flatnonzero(np.diff(arrays["slice_population"]) == 0)[0] + 1
    arrays["slice_begin"][cut] -= 1


def swap_axons(_, arrays):
    arrays["axon_out_axon"][[0, -1]] = arrays["axon_out_axon"][[-1, 0]]


def other_kind(facts, _):
    """The settings of another type."""
    facts["config"] = list(facts["config"].values())


def another_mode(facts, _):
    facts["mode"] = "inference"


EDITS = {
    # facts of the wrong type or out of range
    "a mode that is none": (fact("mode", "dream"), InputError, "mode must be one of"),
    "a mode of another type": (fact("mode", ["learning"]), InputError, "mode must be"),
    "another mode": (another_mode, CheckError, "populations"),
    "negative steps": (
        fact("network.steps", -1), CheckError, "network.steps is -1",
    ),
    "steps of the settings": (
        fact("config.steps", -1), InputError, "config: steps must be between 4 and",
    ),
    "endless steps": (fact("config.steps", 10**9), InputError, "config: steps must"),
    "settings as a list": (other_kind, InputError, "config must be an object"),
    "settings as a text": (fact("config", "x"), InputError, "config must be an object"),
    "an unknown setting": (
        fact("config.dream", 1), InputError, "config: a setting must be one of",
    ),
    "a missing setting": (without("config.seed"), CheckError, "config.seed is missing"),
    "targets that cross": (
        fact("config.target_false", 60), InputError, "config: target_false must be",
    ),
    "hidden layers": (fact("config.hidden", [10]), CheckError, "config.hidden names 1"),
    "another seed": (fact("network.seed", 5), CheckError, "network.seed is 5"),
    "another loss": (fact("network.loss", "x"), CheckError, "network.loss is 'x'"),
    "an unknown chip": (fact("chip", "loihi9"), CheckError, "chip is 'loihi9'"),
    "another chip": (fact("chip", "loihi1"), CheckError, "chip is 'loihi1'"),
    "the smaller chip": (
        fact("chip", "loihi2-conservative"), CheckError, "chip is 'loihi2-cons",
    ),
    "an unknown board": (fact("costs.board", "b"), InputError, "board must be one of"),
    "another board": (
        fact("costs.board", "kapoho-bay"), CheckError, "core_place has",
    ),
    "no board": (without("costs.board"), InputError, "'board' is missing in costs"),
    "a decay that is no integer": (
        fact("layers.0.du", 1.5), InputError, r"layers\[0\].du must be an integer",
    ),
    "a decay out of range": (
        fact("layers.1.dv", 4096), InputError, r"layers\[1\].dv must be between 0 and",
    ),
    "a threshold": (
        fact("layers.0.vth", 2**17), InputError, r"layers\[0\].vth must be between",
    ),
    "a threshold as a truth": (
        fact("layers.0.vth", True), InputError, r"layers\[0\].vth must be an integer",
    ),
    "an impulse": (fact("layers.2.impulse", 128), InputError, "impulse must be"),
    "a time constant": (
        fact("layers.0.x1_tau", 0), InputError, r"layers\[0\].x1_tau must be between",
    ),
    "no number": (
        fact("layers.0.x2_tau", math.nan), InputError, "x2_tau must be a finite number",
    ),
    "infinity": (
        fact("costs.messages_per_sample", math.inf), InputError, "must be a finite",
    ),
    "a shift": (fact("layers.0.payload_shift", -1), InputError, "payload_shift must"),
    "a step to wake": (
        fact("layers.0.wake_step", CONFIG.steps), CheckError, "wake_step lies behind",
    ),
    "a scale of one number": (
        fact("layers.0.scales.tag", [4]), InputError, "must be a mantissa and",
    ),
    "a scale out of range": (
        fact("layers.0.scales.tag", [8, 8]), InputError, "outside the chip's range",
    ),
    "a scale that overflows": (
        fact("layers.0.scales.tag", [7, 8]), InputError, "overflow the 16-bit",
    ),
    "another scale": (
        fact("layers.0.scales.weight", lambda x: [x[0] + 1, x[1]]),
        CheckError, r"layers\[0\].rules.dw is",
    ),
    "half a second tag": (
        fact("layers.0.scales.jump", [1, 1]), InputError, "have jump and decay, or",
    ),
    "a second tag": (
        fact("layers.0.scales", lambda x: {**x, "jump": [1, -6], "decay": [1, 1]}),
        CheckError, "does not go with the eligibility",
    ),
    "no scale": (without("layers.0.scales.tag"), InputError, "'tag' is missing in"),
    "another rule": (
        fact("layers.1.rules.dt", "0"), CheckError, r"layers\[1\].rules.dt is '0'",
    ),
    "another feedback rule": (fact("feedback_rule", ""), CheckError, "feedback_rule"),
    "an unknown parameter": (
        fact("layers.0.gain", 1), InputError, r"a name in layers\[0\] must be one of",
    ),
    "a missing parameter": (without("layers.0.du"), InputError, "'du' is missing in"),
    "a layer less": (fact("layers", lambda x: x[1:]), CheckError, "config.hidden"),
    "one layer": (fact("layers", lambda x: x[:1]), CheckError, "layers has 0"),
    "no layers": (fact("layers", []), InputError, "layers and populations have 0"),
    "an empty population": (
        fact("populations.1.size", 0), InputError, r"populations\[1\].size must be",
    ),
    "a larger population": (
        fact("populations.1.size", 11), CheckError, r"populations\[1\].size is 11",
    ),
    "more outputs": (
        fact("populations.3.size", 10**6), CheckError, r"populations\[4\].size is 3",
    ),
    "a population more": (
        fact("populations", lambda x: [*x, x[0]]), CheckError, "populations has 7",
    ),
    "populations without names": (
        without("populations.0.name"), InputError, r"'name' is missing in populations",
    ),
    "a projection elsewhere": (
        fact("projections.0.source", 9), CheckError, r"projections\[0\].source is 9",
    ),
    "a projection from below": (
        fact("projections.0.source", -1), CheckError, r"projections\[0\].source is -1",
    ),
    "wide weights": (
        fact("projections.0.weight_bits", 9), CheckError, r"\[0\].weight_bits is 9",
    ),
    "a projection that does not learn": (
        fact("projections.0.plastic", False), CheckError, "plastic is False",
    ),
    "no projections": (fact("projections", {}), InputError, "projections must be"),
    "another period": (fact("period", 5), CheckError, "period is 5"),
    "a phase": (fact("phases.probe", [0, 9]), CheckError, r"phases.probe\[0\] is 0"),
    "another shape": (fact("image_shape", [4, 4]), CheckError, r"\[0\].size is 20"),
    "no shape": (fact("image_shape", 20), InputError, "image_shape must be a list"),
    "an empty shape": (fact("image_shape", []), InputError, "1 to 32 entries, not 0"),
    "a negative shape": (fact("image_shape", [-4, -5]), InputError, "image_shape must"),
    "negative samples": (fact("n_learned", -1), InputError, "n_learned must be"),
    "another eligibility": (
        fact("eligibility", "recursive"), CheckError, "the eligibility 'recursive'",
    ),
    "another name of the data": (fact("dataset", "mnist"), CheckError, "dataset is"),
    "a digest": (fact("artifact_digest", "ab"), InputError, "64 hexadecimal digits"),
    "an unknown fact": (fact("more", 1), InputError, "a name in the plan must be one"),
    "a missing fact": (without("phases"), InputError, "'phases' is missing"),
    "a large integer": (fact("n_learned", 10**400), InputError, "a number of 64 bits"),
    "a long text": (fact("dataset", "x" * 10**5), InputError, "a text of 100,000"),
    "lists without end": (
        fact("phases", nested(900)), InputError, "deeper than any part of a plan",
    ),
    "a name that no terminal shows": (
        fact("phases.\ud800\n", 1), CheckError, r"phases.\\ud800\\n is unknown",
    ),
    "negative costs": (
        fact("costs.messages_per_sample", -1.0), InputError, "must be between 0.0 and",
    ),
    "other energy": (
        fact("costs.energy_per_sample_joule.low", 1.0),
        CheckError, "costs.energy_per_sample_joule.low is 1.0",
    ),
    "a part of the energy": (
        fact("costs.energy_by_kind.low.hops", 1.0), CheckError, "low.joule is",
    ),
    "energy as a text": (
        fact("costs.energy_by_kind.low.hops", "1"), InputError, "must be a number",
    ),
    "no energy": (fact("costs.energy_by_kind", {}), InputError, "'low' is missing in"),
    "other constants": (
        fact("costs.constants.low", {}), CheckError, "costs.constants.low",
    ),
    "no note": (
        fact("costs.energy_per_sample_joule.note", None), CheckError, "joule.note is",
    ),
    # arrays
    "float weights": (
        array("weights", lambda x: x + 0.5), InputError, "weights must be an array of",
    ),
    "wide integers": (
        array("weights", lambda x: x.astype(np.int64)), InputError, "not int64",
    ),
    "weights in two dimensions": (
        array("weights", lambda x: x[None]), InputError, "weights must have 1 dim",
    ),
    "a weight less": (array("weights", lambda x: x[:-1]), CheckError, "weights has"),
    "an identity": (  # the projections of labels and errors
        array("weights", lambda x: np.full_like(x, 3)), CheckError, r"weights\[",
    ),
    "a rate less": (array("rates", lambda x: x[1:]), CheckError, "rates has 17"),
    "a negative rate": (one("rates", 0, -1), CheckError, "rates must be between 0 and"),
    "an endless rate": (one("rates", 0, 2**31 - 1), CheckError, "rates must be"),
    "overlapping slices": (overlap, CheckError, r"slice_begin\[\d+\] is"),
    "a slice too long": (one("slice_end", -1, 500), CheckError, r"slice_end\[\d+\] is"),
    "a slice of nothing": (
        one("slice_population", 0, 77), CheckError, r"slice_population\[0\] is 77",
    ),
    "an unknown core": (one("slice_core", 0, 99), CheckError, r"slice_core\[0\] is 99"),
    "one core less": (array("core_place", lambda x: x[1:]), CheckError, "cores, "),
    "two cores on one place": (
        one("core_place", 0, lambda x: x[1]), CheckError, "two cores on one place",
    ),
    "a place outside": (one("core_place", 0, 10**6), CheckError, "outside the 128"),
    "a place below": (one("core_place", 0, -1), CheckError, "outside the 128 places"),
    "another chip of a core": (one("core_chip", 0, 60), CheckError, r"core_chip\[0\]"),
    "use a thousand times": (
        array("core_use", lambda x: x * 1000), CheckError, r"core_use\[0, \d\] is",
    ),
    "less use": (array("core_use", lambda x: x * 0), CheckError, r"core_use\[0, \d\]"),
    "use of other resources": (
        array("core_use", lambda x: x[:, 1:]), CheckError, "core_use has the shape",
    ),
    "a connection elsewhere": (
        one("connection_projection", 0, 99), CheckError, r"connection_projection\[0\]",
    ),
    "a slice elsewhere": (
        one("connection_slice", 0, -7), CheckError, r"connection_slice\[0\] is -7",
    ),
    "other words": (one("connection_words", 0, 1000), CheckError, "connection_words"),
    "a first weight": (one("connection_first", 1, -5), CheckError, "connection_first"),
    "other axons": (one("axon_in_first", 1, 10**9), CheckError, r"axon_in_first\[1\]"),
    "an axon of no connection": (
        one("axon_in_connection", 0, 9999), CheckError, r"axon_in_connection\[0\]",
    ),
    "an axon of another neuron": (
        one("axon_in_source", 0, 7), CheckError, r"axon_in_source\[0\] is 7",
    ),
    "a row elsewhere": (one("axon_in_row", 0, -1), CheckError, r"axon_in_row\[0\]"),
    "swapped axons": (swap_axons, CheckError, r"axon_out_axon\[0\] is"),
    "messages elsewhere": (one("axon_out_core", 0, -1), CheckError, "axon_out_core"),
    "messages of another": (one("axon_out_first", 1, 0), CheckError, "axon_out_first"),
    "no axons": (
        lambda _, arrays: arrays.pop("axon_in_row"), InputError, "'axon_in_row' is",
    ),
    "an unknown array": (
        lambda _, arrays: arrays.update(more=np.zeros(2)), InputError, "a name in the",
    ),
    "a number for an array": (
        array("rates", lambda x: x[0]), InputError, "rates must have 1 dim|an array of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_plan_is_refused_with_the_field(name, whole, tmp_path):
    edit, kind, message = EDITS[name]
    write_plan(tmp_path, edited(whole["learning"], edit))
    with pytest.raises(kind, match=message) as caught:
        read_plan(tmp_path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path}: ") and "\n" not in sentence
    assert caught.value.__class__ is kind and len(sentence) < 700
    with pytest.raises(kind):
        ls.load_plan(tmp_path).run(2)


def test_a_plan_of_another_core_is_refused(whole, monkeypatch):
    limits = {**TINY.limits, "synapses": TINY.limits["neurons"]}
    small = dataclasses.replace(TINY, limits=limits)
    monkeypatch.setitem(BOARDS, BOARD.name, dataclasses.replace(BOARD, model=small))
    with pytest.raises(CheckError, match="never fit|cores, .* are needed"):
        check_content(whole["learning"])


def test_words_for_what_is_no_plan(tmp_path):
    model = ls.train("digits", hidden=[8], epochs=1, limit=5)
    model.save(tmp_path)
    for path in (tmp_path, tmp_path / "network.h5"):
        with pytest.raises(InputError, match="looks like an artifact; `info` shows"):
            read_plan(path)


# --- edits at random ----------------------------------------------------------------

# What may have another value and be a whole plan: that of another network, or of one
# that has learned something else. All else is derived, or changes no result.
FREE = re.compile(
    r"weights|rates|n_learned|layers\.\d\.(du|dv|vth|x1_tau|x2_tau|impulse|wake_step"
    r"|reciprocal_exponent|error_gain|homeostasis_gain|target_rate|payload_shift)"
)
N_EDITS = 400  # of each mode
VALUES = (
    None, True, False, -1, 0, 1, 2, 1.5, 63, 2**31, 2**63, 10**400, 1e300, math.nan,
    math.inf, "", "dream", "loihi1", "learning", [], [1], {}, {"a": 1},
)  # fmt: skip


def places(value, path=()):
    """The paths of all values in nested dictionaries and lists."""
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, entry in pairs:
            yield (*path, name)
            yield from places(entry, (*path, name))


def edit_fact(draw, facts, _):
    """One value of the facts becomes another, or is left out, or doubled."""
    path = draw.choice(list(places(facts)))
    holder, last = holder_of(facts, path)
    old, kind = holder[last], draw.randrange(8)
    if kind == 0:
        del holder[last]
    elif kind == 1 and isinstance(holder, list):
        holder.append(old)
    elif kind == 1:
        holder["another"] = old
    elif kind in (2, 3) and isinstance(old, (int, float)):
        holder[last] = draw.choice([old + 1, old - 1, -old, old * 1000, old / 3])
    elif kind == 4:
        holder[last] = draw.choice([[old], str(old), {"a": old}])
    else:
        holder[last] = draw.choice(VALUES)
    return ".".join(map(str, path))


def edit_array(draw, _, arrays):
    """One element of an array becomes another, or its type, shape or length."""
    name = draw.choice(sorted(ARRAYS))
    old = arrays[name]
    flat, kind = old.reshape(-1), draw.randrange(12)
    where = draw.randrange(flat.size)
    limits = np.iinfo(old.dtype)
    if kind < 5:
        near = [int(flat[where]) + 1, int(flat[where]) - 1, 0, 1]
        value = draw.choice([*near, limits.min, limits.max])
        flat[where] = min(max(value, limits.min), limits.max)
    elif kind == 5:
        other = draw.randrange(flat.size)
        flat[[where, other]] = flat[[other, where]]
    elif kind == 6:
        types = (np.float64, np.int64, np.uint8, bool, "S3", object, ">i4")
        arrays[name] = old.astype(draw.choice(types))
    elif kind == 7:
        arrays[name] = draw.choice([old[None], old[:, None], old[0], old.ravel()])
    elif kind == 8:
        arrays[name] = draw.choice([old[:where], old[1:], np.repeat(old, 2, axis=0)])
    elif kind == 9:
        del arrays[name]
    elif kind == 10:
        arrays["another"] = old
    else:
        arrays[name] = np.sort(old, axis=0)[::-1].copy()
    return name


def result(content: PlanContent):
    """What a plan does with a few samples, as plain data."""
    simulator = Simulator(content)
    order = np.arange(3)
    if content.mode == "learning":
        found = simulator.learn(EVENTS, LABELS, order)
    else:
        found = simulator.classify(EVENTS, order)
    weights = [layer.weights.tolist() for layer in simulator.learned_network().layers]
    return found.tolist(), simulator.spikes, weights


@pytest.mark.parametrize("mode", ["learning", "inference"])
def test_a_random_edit_is_refused_or_changes_nothing(whole, mode):
    content, draw = whole[mode], random.Random(mode)
    right, n_refused = result(content), 0
    for number in range(N_EDITS):
        facts, arrays = copy.deepcopy((content.facts, content.arrays))
        name = (edit_fact, edit_array)[number % 2](draw, facts, arrays)
        other = PlanContent(json.loads(json.dumps(facts)), arrays)
        try:
            check_content(other)
        except SfdfaError as error:
            assert "\n" not in str(error) and len(str(error)) < 2000
            n_refused += 1
            continue
        found = result(other)
        if not FREE.fullmatch(name):
            assert found == right, name
    assert n_refused > 0.7 * N_EDITS
