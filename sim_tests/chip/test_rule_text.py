"""Texts of rules: what we read is what Lava reads; what it misreads we refuse."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lava_sfdfa.chip.rule_text import (
    VARIABLES,
    WIDTHS,
    Factor,
    Product,
    check_rule,
    explain,
    parse,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.rule import FEEDBACK_RULE, Rule, Scale

RULE = Rule(Scale(4, -5), Scale(2, -7), Scale(3, -6), Scale(5, -7))
TEXTS = [RULE.dt, RULE.dd, RULE.dw, FEEDBACK_RULE, "16*u3*sgn(t-3)*w - x0*(x1+5)"]


def test_a_rule_by_hand():
    assert parse("-4*2^-5*y0*y1*x2 + u2*sgn(w+1)*(d-128)") == (
        Product("y0", -4, -5, (Factor("y1"), Factor("x2"))),
        Product("u", 1, 0, (Factor("w", 1, True), Factor("d", -128)), 2),
    )
    (product,) = parse("96*x0*2^-3")  # 12, halved once more: the mantissa has 4 bits
    assert (product.mantissa, product.exponent) == (6, 1)


@pytest.mark.parametrize("text", TEXTS)
def test_printed_and_read_again(text):
    products = parse(text)
    assert parse("+".join(map(str, products)).replace("+-", "-")) == products


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin with one of"),
        ("t", "0 dependencies"),
        ("x0*y0*x1", "2 dependencies"),
        ("0.5*x0", "'0.5\\*x0' does not begin"),
        ("x0*y4", "'y4' does not begin"),
        ("x0*", "'' does not begin"),
        ("x0*-y1", "'-y1' does not begin"),
        ("x0 y1", "no \\+ or - before 'y1'"),
        ("x0*(x1-x2)", "'\\(x1-x2\\)' does not begin"),
        ("9*x0", "mantissa 9; allowed is -8 to 7"),
        ("2^-8*x0", "exponent -8; allowed is -7 to 8"),
        ("2^9*x0", "exponent 9"),
        ("u12*t", "reads u12 as 2 times u1; allowed are u0 to u9"),
        ("u0*w + u1*t", "two different uk"),
        ("u0*(t-700)", "constant of \\(t-700\\) is beyond \\+-511"),
        ("u0*w*t*d*y1", "38 bits, and lava-nc wraps beyond 31"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse(text)


def test_explanations_state_the_scale():
    growth, _, reset = explain(parse(Rule(Scale(4, -5), Scale(2, -7)).dt))
    assert "-4 * 2^-8 of y1*x2, in steps of 2^-5" in growth
    assert "18 bits, shifted right by 3" in growth
    assert "-1 * 2^-5 of t*y2, in steps of 2^0" in reset


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    dependency=st.sampled_from(["x0", "y0", "u0", "u9"]),
    sign=st.sampled_from(["+", "-"]),
    mantissa=st.integers(1, 7),
    exponent=st.integers(-7, 8),
    names=st.lists(st.sampled_from(sorted(WIDTHS)), max_size=2),
    constant=st.sampled_from(["", "+3", "-64"]),
)
def test_lava_reads_what_we_read(dependency, sign, mantissa, exponent, names, constant):
    learning = pytest.importorskip("lava.magma.core.learning.learning_rule")
    factors = [f"({name}{constant})" if constant else name for name in names]
    text = sign + "*".join([f"{mantissa}*2^{exponent}", dependency, *factors])
    rule = learning.Loihi3FLearningRule(dt=text, x1_tau=1, x2_tau=1, rng_seed=0)
    (ours,), (theirs,) = parse(text), rule.dt.products
    # Lava adds the fraction bits of the accumulator to the exponent.
    assert (ours.mantissa, ours.exponent) == (theirs.s_mantissa, theirs.s_exp - 7)
    assert ours.dependency == theirs.dependency
    assert ours.decimation == (theirs.decimate_exponent or 0)
    assert [(f.name, f.constant, f.is_sign) for f in ours.factors] == [
        (f.state_var, f.const or 0, f.is_sgn) for f in theirs.factors
    ]


def test_names_are_those_of_lava():
    learning = pytest.importorskip("lava.magma.core.learning.constants")
    for name, width in WIDTHS.items():
        assert learning.FACTOR_TO_WIDTH_DICT[name] == width
    symbols = pytest.importorskip("lava.magma.core.learning.string_symbols")
    assert symbols.SYNAPTIC_VARIABLE_VAR_MAPPING == VARIABLES


# --- a whole rule ---------------------------------------------------------------------


def whole_rule(**changes):
    values = {"dw_str": "x0*y3", "dd_str": None, "dt_str": "u0*t", "t_epoch": 1}
    values |= {"x1_impulse": 127, "x1_tau": 4.0, "x2_impulse": 0, "x2_tau": 2.0**60}
    return SimpleNamespace(**{**values, **changes})


def test_a_whole_rule_is_read_by_its_variables():
    rules = check_rule(whole_rule(t_epoch=63))
    assert rules == {"weights": parse("x0*y3"), "tag_1": parse("u0*t")}
    assert check_rule(whole_rule(dd_str="x0*d"))["tag_2"] == parse("x0*d")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t_epoch": 0}, "t_epoch is 0; allowed is an integer, 1 to 63"),
        ({"t_epoch": 64}, "t_epoch is 64"),
        ({"x1_impulse": 128}, "x1_impulse is 128; allowed is an integer, 0 to 127"),
        ({"x2_impulse": -1}, "x2_impulse is -1"),
        ({"x2_impulse": 1.5}, "x2_impulse is 1.5"),
        ({"x1_tau": 0}, "x1_tau is 0"),
        ({"x2_tau": float("nan")}, "x2_tau is nan"),
    ],
)
def test_a_whole_rule_that_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        check_rule(whole_rule(**change))


def test_constants_of_factors_reach_9_bits():
    assert parse("x0*(t-511)")[0].factors == (Factor("t", -511),)
    with pytest.raises(InputError, match="beyond"):
        parse("x0*(t-512)")
