"""What stock lava-nc 0.10.0 computes wrongly or accepts silently, and what we do.

Every defect is pinned: where Lava mends it, a test here fails and tells.
"""

from pathlib import Path

import numpy as np
import pytest

from lava_sfdfa.chip.protocol import JUMP_REST
from lava_sfdfa.chip.rule_text import check_rule, explain, parse
from lava_sfdfa.errors import InputError
from lava_sfdfa.processes import plastic

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
from lava.proc.dense.models import (
    PyDenseModelBitAcc,
    PyLearningDenseModelBitApproximate,
)
from lava.proc.dense.process import Dense, LearningDense
from lava.proc.lif.process import LIF
from lava.utils.weightutils import SignMode
from lava_models import make_model, step

from lava_sfdfa.processes.plastic_dense.models import PlasticDenseFixed
from lava_sfdfa.processes.plastic_dense.process import PlasticDense

PROCESSES = Path(plastic.__file__).parent


def connect(process, model, weights=((0,),), graded=None, **rule):
    """One connection with a rule of its own; traces that do not decay."""
    given = {"x1_tau": 2.0**60, "x2_tau": 2.0**60, "t_epoch": 1, "rng_seed": 0, **rule}
    options = given.pop("options", {})
    made = process(
        weights=np.array(weights), learning_rule=Loihi3FLearningRule(**given), **options
    )
    return make_model(made, model)


def stock_dense(**rule):
    return connect(LearningDense, PyLearningDenseModelBitApproximate, **rule)


def own_dense(**rule):
    return connect(PlasticDense, PlasticDenseFixed, **rule)


def refuse(match, **rule):
    given = {"x1_tau": 9, "x2_tau": 9, "t_epoch": 1, "rng_seed": 0, **rule}
    made = Loihi3FLearningRule(**given)  # stock Lava takes it
    with pytest.raises(InputError, match=match):
        check_rule(made)


BAP = {"s_in_bap": np.array([True])}


def test_second_tag_is_unsigned():
    """Stock: d stops at 0. We: the tag holds d + 128, and rules subtract it."""
    stock = stock_dense(dd="-4*y0")
    step(stock, **BAP)
    assert stock.tag_2[0, 0] == 0
    own = own_dense(dd="-4*y0", options={"tag_2": np.array([[JUMP_REST]])})
    step(own, **BAP)
    assert own.tag_2[0, 0] - JUMP_REST == -4


def test_negative_factor_of_a_spiking_neuron():
    """Stock: becomes 0 without a word. We: it keeps its sign; our networks do not need
    it, since they send signed factors in silent steps only."""
    received = {**BAP, "s_in_y1": np.array([-20])}
    for made, expected in ((stock_dense, 0), (own_dense, -20)):
        model = made(dt="y0*y1")
        step(model, **received)
        assert model.tag_1[0, 0] == expected


def test_fixed_products_are_smaller_than_float_and_rounded_down():
    """y0*x1*y1 with 1, 1: an eighth, lost; its negative: -1. `explain` tells, and
    `Rule` writes 4*2^-6 for 2^-4, which loses two bits less."""
    received = {**BAP, "s_in": np.array([True]), "s_in_y1": np.array([1])}
    for text, expected in (("y0*x1*y1", 0), ("-1*y0*x1*y1", -1)):
        model = stock_dense(dt=text, x1_impulse=1)
        step(model, **received)
        assert model.tag_1[0, 0] == expected
    (sentence,) = explain(parse("-1*y0*x1*y1"))
    assert "-1 * 2^-3 of x1*y1, in steps of 2^0, rounded down" in sentence


def test_a_received_factor_loses_one_now_and_then():
    """Stock: y decays with tau 65535, so that a reset with 32 fails in 1 of 2048 steps.
    We: it is exact, and with stock's rounding the reset is held for two steps."""
    failed = {}
    for name, made in (("stock", stock_dense), ("own", own_dense)):
        model = made(dt="- u0*t*y2")
        failed[name] = 0
        for _ in range(6000):
            model.tag_1[:] = 200
            step(model, s_in_y2=np.array([32]))
            failed[name] += int(model.tag_1[0, 0] != 0)
    assert 0 < failed["stock"] < 20 and failed["own"] == 0


def test_longer_epochs_take_the_factor_of_their_last_step():
    """Stock: y1 = 1, 2, 3, 4 with a spike in step 2 gives 4. We: t_epoch is 1."""
    model = stock_dense(dt="y0*y1", t_epoch=4)
    for number in range(1, 5):
        step(model, s_in_bap=np.array([number == 2]), s_in_y1=np.array([number]))
    assert model.tag_1[0, 0] == 4
    with pytest.raises(InputError, match="t_epoch is 4; PlasticDense takes 1"):
        own_dense(dt="y0*y1", t_epoch=4)


def test_all_synapses_share_one_random_number_whatever_the_seed():
    """Stock: 30 equal synapses round alike, with any seed. We: each on its own."""
    tags = {}
    for name, made, seed in (
        ("stock", stock_dense, 1),
        ("other seed", stock_dense, 999),
        ("own", own_dense, 1),
    ):
        model = made(dt="2^-1*u0", weights=np.zeros((5, 6), int), rng_seed=seed)
        seen = []
        for _ in range(40):
            model.tag_1[:] = 0
            step(model)
            seen.append(model.tag_1.copy())
        tags[name] = np.array(seen)
    assert (tags["stock"] == tags["stock"][:, :1, :1]).all()
    assert set(tags["stock"].ravel()) == {0, 1}
    np.testing.assert_array_equal(tags["stock"], tags["other seed"])
    assert all(0 < step_tags.mean() < 1 for step_tags in tags["own"])


def test_two_digit_k_is_misread():
    """Stock: u10*t never does anything, u23*t is 3*u2*t."""
    model = stock_dense(dt="u10*t", options={"tag_1": np.array([[5]])})
    for _ in range(1024):
        step(model)
    assert model.tag_1[0, 0] == 5
    refuse("reads u10 as 0 times u1", dt="u10*t")
    refuse("reads u23 as 3 times u2", dt="u23*t")


def test_a_time_constant_of_zero_reads_no_trace():
    model = stock_dense(dt="u0*x1", x1_impulse=100, x1_tau=0)
    step(model, s_in=np.array([True]))
    first = model.x1[0]
    step(model, s_in=np.array([False]))
    assert first == 100 and model.x1[0] == 0
    refuse("x1_tau is 0, and a trace without a time constant", dt="u0*x1", x1_tau=0)


def test_impulses_that_no_trace_can_hold():
    """Stock: 200 becomes 127, and 10.5 always adds 11."""
    for impulse, expected in ((200, 127), (10.5, 11)):
        model = stock_dense(dt="u0*x1", x1_impulse=impulse)
        step(model, s_in=np.array([True]))
        assert model.x1[0] == expected
        refuse("x1_impulse is", dt="u0*x1", x1_impulse=impulse)


def test_products_beyond_32_bits_wrap():
    """254 * 100 * 255 * 127 * 127 >> 30 is 97, but stock Lava adds at most 1."""
    text = "u0*w*t*d*y3*y2"  # 45 bits
    tags = {"tag_1": np.array([[100]]), "tag_2": np.array([[255]])}
    model = stock_dense(dt=text, weights=[[254]], options=tags)
    step(model, s_in_y2=np.array([127]), s_in_y3=np.array([127]))
    assert 98 <= model.tag_1[0, 0] <= 101
    refuse("has 45 bits, and lava-nc wraps beyond 31", dt=text)


def test_epochs_that_no_chip_holds():
    refuse("t_epoch is 1000", dt="u0*t", t_epoch=1000)


def test_weights_beyond_eight_bits():
    """Stock: -256..255, the lowest bit of start weights cleared, start weights beyond
    that as they are. We: -128..127, every bit kept, others refused."""
    for made, start, expected in (
        (stock_dense, 101, 255),
        (stock_dense, 901, 255),
        (own_dense, 101, 127),
    ):
        model = made(dw="2^7*y0", weights=[[start]])
        step(model)
        assert model.weights[0, 0] == (
            start if made is own_dense else min(start - 1, 255)
        )
        for _ in range(4):
            step(model, **BAP)
        assert model.weights[0, 0] == expected
    assert model.n_cut[2] > 0, "what was cut off is counted"
    idle = stock_dense(dt="y0", weights=[[901]])
    step(idle)
    assert idle.weights[0, 0] == 900
    with pytest.raises(InputError, match="weights are 901 to 901; allowed is -128"):
        own_dense(dw="y0", weights=[[901]])


def test_a_tag_falls_below_nine_bits():
    """Stock: -257, in one of 128 steps at the lower end. We: -256."""
    lowest = {}
    for name, made, options in (
        ("stock", stock_dense, {}),
        ("equal", own_dense, {"rounding": "shared", "limits": plastic.LAVA}),
        ("own", own_dense, {"rounding": "shared"}),
    ):
        model = made(dt="-4*2^8*u0*y2", options=options)
        lowest[name] = []
        for _ in range(1000):
            step(model, s_in_y2=np.array([127]))
            lowest[name].append(int(model.tag_1[0, 0]))
    assert set(lowest["stock"]) == {-257, -256} and lowest["equal"] == lowest["stock"]
    assert set(lowest["own"]) == {-256}


def test_dense_without_a_positive_weight():
    """Stock: -256 becomes -255, so doubled weights of 8 bits lose. We: say the mode."""
    found = []
    for mode in ({}, {"sign_mode": SignMode.MIXED}):
        weights = 2 * np.array([[-128, -128]])
        made = Dense(weights=weights, weight_exp=-1, num_weight_bits=8, **mode)
        model = make_model(made, PyDenseModelBitAcc)
        for _ in range(2):  # what is sent arrived a step ago
            step(model, s_in=np.ones(2, np.int32))
        found.append(model.a_out.value.tolist())
    assert found == [[-255], [-256]]


def test_traces_live_on_into_the_next_sample():
    """Stock: nothing clears x1 and x2. We: `reset_interval`; tags start anew, too."""
    rule = {"dt": "u0*x1", "x1_impulse": 50}
    options = {"reset_interval": 3, "tag_1": np.array([[7]])}
    stock, own = stock_dense(**rule), own_dense(**rule, options=options)
    for number in range(3):
        for model in (stock, own):
            step(model, s_in=np.array([number == 0]))
    assert stock.x1[0] == 50 and own.x1[0] == 0 and own.tag_1[0, 0] == 7


def test_hardware_configuration_without_its_extension():
    """Stock: a NameError while it compiles. We: do not offer it."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2HwCfg

    with pytest.raises(NameError, match="CLoihiProcessModel"):
        LIF(shape=(1,)).run(RunSteps(1), Loihi2HwCfg())


def test_lava_executes_all_files_beside_a_process():
    """So there are none but the three that belong there."""
    for folder in PROCESSES.iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            names = {path.name for path in folder.glob("*.py")}
            assert names == {"__init__.py", "process.py", "models.py"}, folder.name
    assert len(list(PROCESSES.glob("*/process.py"))) >= 6
