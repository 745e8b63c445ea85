"""The time step of a NIR graph, which does not hold one.

Tools write it unseen. snnTorch multiplies an input by 1, which as an equation is
`r = tau / step`, and `w_in = tau_syn / step` likewise. Rockpool writes
`r = tau / step * exp(-step / tau)`. Norse writes `tau = step / tau_inv`, in which the
step is squared, and 1 for `r` and `w_in`.
"""

import math

import numpy as np

from lava_sfdfa.deploy.exchange.nir_reader import EQUAL, Reader
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

STEP_S = 1e-4  # the step that readers of NIR assume
NORSE_S = 1e-6  # its step of 1 ms, squared
PAIRS = {  # a time constant and the factor that tells the step
    "LIF": (("tau", "r"),),
    "LI": (("tau", "r"),),
    "CubaLIF": (("tau_mem", "r"), ("tau_syn", "w_in")),
    "CubaLI": (("tau_mem", "r"), ("tau_syn", "w_in")),
}


def step_of(readers: list[Reader], given: float | None) -> tuple[float, list[str]]:
    """The step in seconds, and notes. readers: all nodes of the graph."""
    neurons = [reader for reader in readers if reader.node.kind in PAIRS]
    if not neurons:  # nothing depends on it
        return STEP_S if given is None else given, []
    found, why = _inferred(neurons)
    if given is None:
        step_s = STEP_S if found is None else found
        return step_s, [f"the time step is {step_s:.4g} s, {why}"]
    if found is None or math.isclose(given, found, rel_tol=1e-3):
        return given, []
    note = (
        f"the time step is {given:.4g} s, as --step says, although the file tells "
        f"{found:.4g} s, {why}; leave --step out if the classes are wrong"
    )
    return given, [note]


def _inferred(neurons: list[Reader]) -> tuple[float | None, str]:
    """The step that the file tells, or None; and how, or why not."""
    told = [step for reader in neurons for step in _told(reader)]
    if told and np.allclose(told, told[0], rtol=1e-3, atol=0):
        step_s = float(f"{told[0]:.2g}")
        return step_s, f"since r and w_in of all nodes are tau / {step_s:.4g} s"
    if not told and _is_norse(neurons):
        return NORSE_S, "as Norse writes it, which squares its step of 1 ms"
    default = "the default, since the file does not tell it; --step gives another"
    return None, default


def _told(reader: Reader) -> list[float]:
    """Steps that the fields of a node tell."""
    steps = []
    for tau, factor in PAIRS[reader.node.kind]:
        try:
            values = reader.numbers(tau).ravel(), reader.numbers(factor, 1.0).ravel()
        except InputError:
            continue  # it is said when the node is read
        is_usual = all(x.min() > 1e-9 and x.max() < 1e9 for x in values)
        if not is_usual or np.all(values[1] == 1):
            continue
        if len({value.size for value in values} - {1}) <= 1:
            steps += _round_step(*np.broadcast_arrays(*values))
    return steps


def _round_step(tau: Array, factor: Array) -> list[float]:
    """The step by which `factor` is made of `tau`, where it is a round number."""
    share = np.minimum(1 / factor, 1.0)
    for _ in range(50):  # share * factor = exp(-share)
        share = (share + np.exp(-share) / factor) / 2
    for steps in (tau / factor, tau * share):
        step = float(steps[0])
        is_round = math.isclose(step, float(f"{step:.2g}"), rel_tol=1e-4)
        is_one = np.allclose(steps, step, rtol=1e-3, atol=0)
        if is_round and is_one and step < tau.min() * (1 - EQUAL):
            return [step]
    return []


def _is_norse(neurons: list[Reader]) -> bool:
    """Whether no factor says anything, and a time constant is below every step."""
    taus, factors = [], []
    for reader in neurons:
        for tau, factor in PAIRS[reader.node.kind]:
            try:
                taus.append(reader.numbers(tau).min())
                factors.append(reader.numbers(factor, 1.0))
            except InputError:
                return False
    is_plain = all(np.all(values == 1) for values in factors)
    return is_plain and NORSE_S <= min(taus) < STEP_S
