"""`PlasticDense` against the `LearningDense` of lava-nc 0.10.0, integer for integer."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lava_sfdfa.chip.rule_text import WIDTHS
from lava_sfdfa.processes import plastic

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.magma.core.learning.constants import GradedSpikeCfg
from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
from lava.proc.dense.models import PyLearningDenseModelBitApproximate
from lava.proc.dense.process import LearningDense
from lava_models import make_model, step

from lava_sfdfa.processes.plastic_dense.models import PlasticDenseFixed
from lava_sfdfa.processes.plastic_dense.process import PlasticDense

STATE = ("weights", "tag_1", "tag_2", "x1", "x2", "a_buff")
TARGETS = {"dw": "weights", "dt": "tag_1", "dd": "tag_2"}

# --- random rules -----------------------------------------------------------------


@st.composite
def factors(draw):
    """A factor as text, and its width."""
    name = draw(st.sampled_from(sorted(WIDTHS)))
    constant = draw(st.sampled_from(["", "", "+1", "-1", "+7", "-64", "-128", "+200"]))
    form = draw(st.sampled_from(["plain", "plain", "sign"]))
    if form == "sign" and name in "wtd":
        return f"sgn({name}{constant})", WIDTHS[name]
    return (f"({name}{constant})" if constant else name), WIDTHS[name]


@st.composite
def products(draw, k):
    """A product of at most 31 bits: a dependency, a constant, up to three factors."""
    dependency = draw(st.sampled_from(["x0", "y0", f"u{k}", f"u{k}"]))
    mantissa = draw(st.integers(1, 7))
    exponent = draw(st.integers(-7, 8))
    parts, width = [f"{mantissa}*2^{exponent}", dependency], 4
    for text, bits in draw(st.lists(factors(), max_size=3)):
        if width + bits <= 31:
            parts, width = [*parts, text], width + bits
    return draw(st.sampled_from(["+", "-"])) + "*".join(parts)


@st.composite
def cases(draw):
    """A rule, its traces and the seed of everything else."""
    k = draw(st.sampled_from([0, 0, 0, 1, 2]))
    rule = st.none() | st.lists(products(k), min_size=1, max_size=3).map("".join)
    texts = {name: draw(rule) for name in TARGETS}
    if not any(texts.values()):
        texts["dt"] = draw(products(k))
    taus = st.sampled_from([1, 2, 5, 10.5, 20, 100, 1e9])
    traces = {f"{x}_tau": draw(taus) for x in ("x1", "x2")}
    impulses = st.sampled_from([0, 1, 16, 60, 127])
    traces |= {f"{x}_impulse": draw(impulses) for x in ("x1", "x2")}
    return texts, traces, draw(st.integers(0, 2**31)), draw(st.sampled_from(GRADED))


GRADED = [(GradedSpikeCfg.USE_REGULAR_IMPULSE, 0), (GradedSpikeCfg.OVERWRITE, 8)]


# --- the comparison ---------------------------------------------------------------


def make_pair(texts, traces, seed, graded, shape):
    """Stock and own connection with equal rules and equal start values."""
    rng = np.random.default_rng(seed)
    start = {
        "weights": rng.integers(-256, 256, shape),
        "tag_1": rng.integers(-256, 256, shape),
        "tag_2": rng.integers(0, 256, shape),
    }
    config, bits = graded
    models = []
    for process, model, more in (
        (LearningDense, PyLearningDenseModelBitApproximate, {}),
        (PlasticDense, PlasticDenseFixed, OWN),
    ):
        rule = Loihi3FLearningRule(**texts, **traces, t_epoch=1, rng_seed=seed % 1000)
        made = process(
            learning_rule=rule, graded_spike_cfg=config, num_message_bits=bits,
            **start, **more,
        )  # fmt: skip
        models.append(make_model(made, model))
    return models, rng


OWN = {"rounding": "shared", "limits": plastic.LAVA}


# Values at the edge of every width; both models have to reach them.
EDGES = {
    "weights": (-256, 255),
    "tag_1": (-256, 255),  # -257 too, see test_stock_defects
    "tag_2": (0, 255),
    "x1": (0, 127),
    "x2": (0, 127),
}


def compare(case, shape, n_steps, edges):
    """Run both on random spikes and factors; returns how often a variable changed.
    edges: a set, to which the edges that are reached are added."""
    (stock, own), rng = make_pair(*case, shape)
    n_post, n_pre = shape
    payloads = case[3][1] > 0
    changed = 0
    for number in range(n_steps):
        spikes = rng.random(n_pre) < rng.choice([0.05, 0.3])
        received = {
            "s_in": spikes * rng.integers(1, 255, n_pre) if payloads else spikes,
            "s_in_bap": rng.random(n_post) < rng.choice([0.05, 0.3]),
            "s_in_y1": rng.integers(-300, 300, n_post),
            "s_in_y2": rng.choice([-128, -1, 0, 1, 32, 127, 128], n_post),
            "s_in_y3": rng.integers(-20, 20, n_post),
        }
        before = stock.tag_1.copy(), stock.weights.copy(), stock.tag_2.copy()
        for model in (stock, own):
            step(model, **received)
        for name in STATE:
            found, expected = getattr(own, name), getattr(stock, name)
            np.testing.assert_array_equal(found, expected, f"{name}, step {number}")
        edges |= {
            (name, edge)
            for name, both in EDGES.items()
            for edge in both
            if (getattr(stock, name) == edge).any()
        }
        after = stock.tag_1, stock.weights, stock.tag_2
        changed += any((a != b).any() for a, b in zip(before, after, strict=True))
    return changed


ANY_SPEED = [HealthCheck.too_slow, HealthCheck.data_too_large]


def test_random_rules_as_in_stock_lava():
    check_random_rules(n_cases=60, shape=(5, 6), n_steps=25)


@pytest.mark.slow
def test_thousands_of_random_rules_as_in_stock_lava():
    """4,000 cases of 8 x 10 synapses and 40 steps: 12.8 million synapse-steps."""
    n_cases, shape, n_steps = 4000, (8, 10), 40
    assert n_cases * shape[0] * shape[1] * n_steps > 10_000_000
    check_random_rules(n_cases, shape, n_steps)


def check_random_rules(n_cases, shape, n_steps):
    """Property: both are equal in all steps; most cases change something, and all
    edges are reached."""
    n_changing = n_run = 0
    edges: set = set()

    @settings(
        max_examples=n_cases, deadline=None, derandomize=True, database=None,
        suppress_health_check=ANY_SPEED,
    )  # fmt: skip
    @given(case=cases())
    def run(case):
        nonlocal n_changing, n_run
        n_run += 1
        n_changing += compare(case, shape, n_steps, edges) > n_steps // 10

    run()
    assert n_run >= n_cases and n_changing > 0.8 * n_run
    assert edges == {(name, edge) for name, both in EDGES.items() for edge in both}
