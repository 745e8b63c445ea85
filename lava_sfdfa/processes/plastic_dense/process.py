"""A LearningDense with rounding by synapse, 8-bit weights and a reset."""

import numpy as np
from lava.magma.core.learning.constants import GradedSpikeCfg
from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
from lava.magma.core.process.variable import Var
from lava.proc.dense.process import LearningDense

from lava_sfdfa.chip import random
from lava_sfdfa.chip.rule_text import check_rule
from lava_sfdfa.errors import InputError
from lava_sfdfa.processes.plastic import CHIP, Limits, own_bits

GRADED = (GradedSpikeCfg.USE_REGULAR_IMPULSE, GradedSpikeCfg.OVERWRITE)


class PlasticDense(LearningDense):
    """Dense synapses that learn; ports, variables and rule as in `LearningDense`.

    weights: int (n_post, n_pre); learning_rule: three-factor, t_epoch 1, checked (see
    `rule_text`); tag_1, tag_2: start values, 0.

    rounding: "synapse", where each synapse draws its own random numbers, or "shared",
    where all take what lava-nc draws; seed, layer: of the numbers by synapse (those
    shared have `rng_seed` of the rule); weight_purpose: stream for the weights;
    first_step: steps that were learned before. limits: `plastic.CHIP` or, as in
    lava-nc, `plastic.LAVA`. reset_interval: every so many steps traces and input
    return to zero and the tags to their start values; 0 is never.

    With rounding="shared" and limits=LAVA it equals `LearningDense`. `n_cut` counts
    x1, tags (both) and weights that were cut off at the end of their range.
    Errors: InputError.
    """

    def __init__(
        self,
        *,
        weights: np.ndarray,
        learning_rule: Loihi3FLearningRule,
        rounding: str = "synapse",
        seed: int = 0,
        layer: int = 0,
        weight_purpose: int = random.WEIGHT,
        first_step: int = 0,
        limits: Limits = CHIP,
        reset_interval: int = 0,
        graded_spike_cfg: GradedSpikeCfg = GradedSpikeCfg.USE_REGULAR_IMPULSE,
        **options,
    ):
        super().__init__(
            weights=weights,
            learning_rule=learning_rule,
            rounding=rounding,
            seed=seed,
            layer=layer,
            weight_purpose=weight_purpose,
            first_step=first_step,
            limits=limits,
            reset_interval=reset_interval,
            graded_spike_cfg=graded_spike_cfg,
            **options,
        )  # first, since Lava stops also what was never built
        _check(weights, learning_rule, limits, graded_spike_cfg, rounding)
        self.n_cut = Var(shape=(3,), init=0)
        # Compiled here, before Lava forks a process for every model.
        own_bits(np.uint64(random.stream_key(0, 0, 0, 0)), np.zeros(1, np.int64), 1)
        random.draw_many(0, 0, 0, 0, 1)


def _check(weights, rule, limits, graded, rounding) -> None:
    if type(rule) is not Loihi3FLearningRule:
        raise InputError(
            f"the learning rule of a PlasticDense is a {type(rule).__name__}; it has "
            "to be a Loihi3FLearningRule, whose y are sent by the neurons"
        )
    check_rule(rule)
    if rule.t_epoch != 1:
        raise InputError(
            f"t_epoch is {rule.t_epoch}; PlasticDense takes 1, since in longer epochs "
            "y is that of the last step, not that of the spike"
        )
    if not limits.weights.holds(np.asarray(weights)):
        raise InputError(
            f"weights are {np.min(weights)} to {np.max(weights)}; allowed is "
            f"{limits.weights.minimum} to {limits.weights.maximum}"
        )
    if graded not in GRADED:
        raise InputError(
            f"graded_spike_cfg is {graded!r}; PlasticDense takes USE_REGULAR_IMPULSE "
            "and OVERWRITE"
        )
    if rounding not in ("synapse", "shared"):
        raise InputError(f"rounding is {rounding!r}; allowed are synapse and shared")
