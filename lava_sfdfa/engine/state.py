"""What the engine holds: parameters, the state that learning changes, and the
scratch space of one sample. Tuples of arrays, for compiled code."""

import dataclasses
import functools
import math
from typing import NamedTuple

import numpy as np

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.protocol import Steps
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.rule import Scale
from lava_sfdfa.types import Array

LAVA_Y_TAU = 65535.0  # of the y traces of Loihi3FLearningRule; learning_rule.py
LAVA_VARIABLE_SEED = 2  # of the rounding of w and t; connection.py:692
ABSENT = -1  # row of a neuron without tags, column of an input without spikes
NEVER = -1  # no step
OWN = -1  # in `Noise`: every synapse draws its own bits

# What is counted in every layer; the positions in `State.counts`.
COUNTS = (
    "spikes",  # of the presentation
    "steps",  # of the presentation
    "neurons_tagged",  # neurons that spiked or were woken, summed over samples
    "weight_updates",  # synapses that a commit visited with a factor
    "weights_changed",
    "weights_limit",  # weights at a limit after a visit
    "tags",  # tags that exist at the end of a sample
    "tags_limit",  # of these, at a limit
    "impulses",  # input spikes that entered the traces
    "traces_limit",  # of these, cut off at the upper limit
    "factors_limit",  # third factors cut off at a limit
    "currents_wrapped",  # steps in which a u was beyond 24 bits
    "feedback_updates",
    "feedback_limit",  # feedback weights at a limit after an update
)
(
    SPIKES,
    STEPS,
    NEURONS_TAGGED,
    WEIGHT_UPDATES,
    WEIGHTS_CHANGED,
    WEIGHTS_LIMIT,
    TAGS,
    TAGS_LIMIT,
    IMPULSES,
    TRACES_LIMIT,
    FACTORS_LIMIT,
    CURRENTS_WRAPPED,
    FEEDBACK_UPDATES,
    FEEDBACK_LIMIT,
) = range(len(COUNTS))


class Parameters(NamedTuple):
    """One `FixedLayer`, and what it shares with the network."""

    layer: int
    steps: int
    decay_u: int  # u loses nothing at 4096
    decay_v: int
    threshold: int  # in the units of v
    impulse: int
    reciprocal_exponent: int
    tag: tuple[int, int]  # mantissa and exponent of s, see `Rule`
    weight: tuple[int, int]  # of c
    recursive: bool  # whether there is a second tag
    jump: tuple[int, int]  # of q
    jump_decay: tuple[int, int]  # of r
    error_gain: int
    homeostasis_gain: int
    target_rate: int
    payload_shift: int
    path_shift: int  # of the weights of whole paths, for symmetric feedback
    factor_bits: int  # y3 is a multiple of 2**this
    wake_step: int  # of the presentation, or NEVER
    has_bias: bool  # of its neurons
    on_grid: bool  # whether alpha1 and alpha2 are multiples of 2**-24
    alpha1: float  # decay of x1 in a step
    alpha2: float
    alpha_y: float  # of a received y; 1 unless rounding is as in Lava
    last_rise: float  # the most that a u of 1 may still add to v, see `neurons.coast`


class State(NamedTuple):
    """What learning changes in a layer, what is counted there, and its biases."""

    weights: Array  # (n_pre, n_post) int8, transposed for the forward pass
    feedback: Array  # (n_post, n_out) int8
    rate: Array  # (n_post,) int32, running mean of spike counts, 16 fraction bits
    counts: Array  # (len(COUNTS),) int64
    bias: Array  # (n_post,) int32, never changed; all 0 where the layer has none


class Scratch(NamedTuple):
    """What lives for one sample. Rows are the neurons that have tags, since they spiked
    or were woken; columns the inputs that spiked, in this order. Arrays of neurons and
    of columns are as long as whole vectors of the processor, see `whole`."""

    input: Array  # (neurons,) int32, synaptic input of a step; neurons that coast
    sums: Array  # (neurons,) int16, a part of it
    u: Array  # (neurons,) int32
    v: Array  # (neurons,) int32
    above: Array  # (neurons / 32,) uint32, a bit for each above its threshold
    n_spikes: Array  # (n_post,) int32
    spikes: Array  # (steps * n_post,) int32, neurons in the order of their spikes
    spike_u: Array  # (steps * n_post,) int32, u at each of these spikes
    start: Array  # (steps + 1,) int32, where the spikes of a step begin
    row: Array  # (n_post,) int32, row of a neuron or ABSENT
    tagged: Array  # (n_post,) int32, neuron of a row
    first: Array  # (n_post + 1,) int32, where the growths of a row begin
    growth_step: Array  # ((steps + 1) * n_post,) int32, step of each growth of a tag
    growth_y1: Array  # ((steps + 1) * n_post,) int32, y1 of it
    column: Array  # (n_pre,) int32, column of an input or ABSENT
    active: Array  # (columns,) int32, input of a column
    key: Array  # (columns,) uint32, `random.synapse_step` of it
    x1: Array  # (columns,) uint32, traces now
    x2: Array  # (columns,) uint32
    kept_x1: Array  # (steps, columns) uint8, traces in the steps in which tags grow
    kept_x2: Array  # (steps, columns) uint8
    n_kept: Array  # (steps,) int32, columns of these, as whole vectors
    step_key: Array  # (steps,) uint64, start of the random numbers of the tags
    noise: Array  # (VECTOR,) uint8, of the rounding of a vector of tags
    tags: Array  # (n_post, columns) int16, by row and column
    jumps: Array  # (n_post, columns) int16, second tags; (0, columns) without them
    changes: Array  # (n_post, columns) int16, of the weights: rows that change
    moved: Array  # (n_post,) int32, neurons of these rows; before, growths of a row
    own: Array  # (n_post,) int32, p: -1 or 1 where the neuron probes
    payload: Array  # (n_post,) int32, what it sends in the probe phase
    factor: Array  # (n_post,) int32, y3
    size: Array  # (2,) int64, number of rows and of columns


ROWS, COLUMNS = 0, 1  # positions in `Scratch.size`


def by_synapse(scratch: Scratch, values: Array, rest: int) -> Array:
    """Tags by neuron and input, from those by row and column; rest: where there is
    none. values: `tags` or `jumps` of the scratch. Returns int32 (n_post, n_pre)."""
    full = np.full((scratch.row.size, scratch.column.size), rest, np.int32)
    n_rows, n_columns = scratch.size
    spiked = np.ix_(scratch.tagged[:n_rows], scratch.active[:n_columns])
    full[spiked] = values[:n_rows, :n_columns]
    return full


def by_input(scratch: Scratch, values: Array) -> Array:
    """Traces by input, from those by column: int32 (n_pre,). values: x1 or x2 of the
    scratch."""
    full, n_columns = np.zeros(scratch.column.size, np.int32), scratch.size[COLUMNS]
    full[scratch.active[:n_columns]] = values[:n_columns]
    return full


class Noise(NamedTuple):
    """Random numbers that the synapses of a layer share, one a step."""

    x1: Array  # (n,) float64 in [0, 1), decay of the slow trace
    x2: Array  # (n,) float64, decay of the fast trace
    y: Array  # (n,) float64, decay of received y
    bits: Array  # (n,) int32, 0..127 for the rounding of w, t and B, or OWN


class Clock(NamedTuple):
    """Where a sample stands in the course of learning, for its random numbers."""

    seed: int
    begin: int  # number of its first step since learning began
    at: int  # where its steps begin in `Noise`


class Program(NamedTuple):
    """What all samples of a network have in common."""

    seed: int
    feedback: int  # a `FEEDBACK_CODE`
    targets: tuple[int, int]  # spikes wanted of the true class and of the others
    one_sided: bool  # see `protocol.output_error`
    steps: Steps


SFDFA, RANDOM, SYMMETRIC = range(3)
FEEDBACK_CODE = {"sfdfa": SFDFA, "random": RANDOM, "symmetric": SYMMETRIC}


def make_program(network: FixedNetwork) -> Program:
    """The program of a network, as plain values. Outputs alone need no feedback."""
    has_hidden = network.n_hidden > 0
    return Program(
        seed=network.seed,
        feedback=FEEDBACK_CODE[network.feedback_kind] if has_hidden else RANDOM,
        targets=(network.target_true, network.target_false),
        one_sided=network.loss == "margin",
        steps=network.schedule.values,
    )


def make_parameters(network: FixedNetwork, number: int, share: float) -> Parameters:
    """Parameters of layer `number`; `share` of its learning rate is in force."""
    layer = network.layers[number]
    lava = network.rounding == "shared"
    alpha = lava_alpha if lava else arithmetic.trace_alpha
    return Parameters(
        layer=number,
        steps=network.steps,
        decay_u=2**widths.DECAY_BITS - layer.du - 1,
        decay_v=2**widths.DECAY_BITS - layer.dv,
        threshold=layer.vth << widths.INPUT_SHIFT,
        alpha1=alpha(layer.x1_tau),
        alpha2=alpha(layer.x2_tau),
        alpha_y=lava_alpha(LAVA_Y_TAU) if lava else 1.0,
        impulse=layer.impulse,
        reciprocal_exponent=layer.reciprocal_exponent,
        tag=_pair(layer.rule.tag),
        weight=_pair(layer.rule.weight),
        recursive=layer.rule.jump is not None,
        jump=_pair(layer.rule.jump),
        jump_decay=_pair(layer.rule.decay),
        error_gain=round(layer.error_gain * share),
        homeostasis_gain=round(layer.homeostasis_gain * share),
        target_rate=layer.target_rate,
        payload_shift=layer.payload_shift,
        path_shift=network.path_shift(number),
        factor_bits=layer.rule.factor_bits,
        wake_step=NEVER if layer.wake_step is None else layer.wake_step,
        has_bias=layer.bias is not None,
        on_grid=not lava,
        last_rise=_last_rise(layer, network.steps),
    )


def _pair(scale: Scale | None) -> tuple[int, int]:
    return (scale.mantissa, scale.exponent) if scale else (0, 0)


def lava_alpha(tau_steps: float) -> float:
    """Decay factor of a trace for one step, as lava-nc computes it."""
    return math.exp(-1.0 / tau_steps)


def _last_rise(layer: FixedLayer, steps: int) -> float:
    """The largest sum over k of what u loses in j steps and v in k - j, j to k."""
    keep_u = 1 - (layer.du + 1) / 2**widths.DECAY_BITS
    keep_v = 1 - layer.dv / 2**widths.DECAY_BITS
    rise, most, current = 0.0, 0.0, 1.0
    for _ in range(steps):
        current *= keep_u
        rise = rise * keep_v + current
        most = max(most, rise)
    return most


VECTOR = 32  # numbers that a loop takes at a time


def whole(n: int) -> int:
    """A number of neurons or columns, rounded up to whole vectors."""
    return -(-n // VECTOR) * VECTOR


def make_state(layer: FixedLayer, rate: Array | None) -> State:
    """A layer's state before learning goes on; rate: int32 (n_post,), or None."""
    if rate is not None and rate.shape != (layer.n_post,):
        raise ValueError(f"rate has the shape {rate.shape}, not ({layer.n_post},)")
    return State(
        weights=layer.weights.T.astype(np.int8, order="C"),  # a copy also of one row
        feedback=layer.feedback.astype(np.int8, order="C"),
        rate=np.zeros(layer.n_post, np.int32)
        if rate is None
        else rate.astype(np.int32),
        counts=np.zeros(len(COUNTS), np.int64),
        bias=layer.biases.copy(),
    )


def make_scratch(layer: FixedLayer, steps: int) -> Scratch:
    """Scratch space of a layer; a presentation clears what it reads."""
    n_post, neurons, columns = layer.n_post, whole(layer.n_post), whole(layer.n_pre)
    shapes: dict[str, tuple[type, tuple[int, ...]]] = {
        "input": (np.int32, (neurons,)),
        "sums": (np.int16, (neurons,)),
        "u": (np.int32, (neurons,)),
        "v": (np.int32, (neurons,)),
        "above": (np.uint32, (neurons // VECTOR,)),
        "spikes": (np.int32, (steps * n_post,)),
        "spike_u": (np.int32, (steps * n_post,)),
        "start": (np.int32, (steps + 1,)),
        "first": (np.int32, (n_post + 1,)),
        "growth_step": (np.int32, ((steps + 1) * n_post,)),
        "growth_y1": (np.int32, ((steps + 1) * n_post,)),
        "column": (np.int32, (layer.n_pre,)),
        "active": (np.int32, (columns,)),
        "key": (np.uint32, (columns,)),
        "x1": (np.uint32, (columns,)),
        "x2": (np.uint32, (columns,)),
        "kept_x1": (np.uint8, (steps, columns)),
        "kept_x2": (np.uint8, (steps, columns)),
        "n_kept": (np.int32, (steps,)),
        "step_key": (np.uint64, (steps,)),
        "noise": (np.uint8, (VECTOR,)),
        "tags": (np.int16, (n_post, columns)),
        "jumps": (np.int16, (n_post if layer.rule.jump else 0, columns)),
        "changes": (np.int16, (n_post, columns)),
        "size": (np.int64, (2,)),
    }
    rest = (np.int32, (n_post,))
    made = [shapes.get(name, rest) for name in Scratch._fields]
    return Scratch(*(np.zeros(shape, dtype) for dtype, shape in made))


def make_noise(rounding: str, seed: int, layer: int, first: int, count: int) -> Noise:
    """Numbers of `count` steps from step `first` on.

    In `rounding="synapse"` they are counter-based, and every trace has its own. In
    `"shared"` they are what lava-nc 0.10.0 draws, number for number: x and y once
    for all traces of a group, and one for all synapses of a step, from a
    generator whose seed is always 2 (magma/core/learning/random.py).
    """
    if rounding == "shared":
        x = _lava_draws(seed + layer, 2 * first + 1, 2 * count)[1::2]
        y = _lava_draws(seed + layer + 2, 2 * first + 1, 2 * count)[1::2]
        bits = _lava_draws(LAVA_VARIABLE_SEED, first + 1, count) * 128
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        return Noise(x, x, y, bits.astype(np.int32))
    x1, x2 = (
        _uniform(random.draw_many(seed, purpose, layer, first, count))
        for purpose in (random.X1, random.X2)
    )
    return Noise(x1, x2, *_no_noise(count))


def _uniform(numbers: Array) -> Array:
    """32 random bits, which are changed, as a multiple of 2**-24 below 1."""
    numbers >>= np.uint32(8)
    return numbers * 2.0**-24


@functools.lru_cache(maxsize=8)
def _no_noise(count: int) -> tuple[Array, Array]:
    """y and bits where each synapse has its own; nobody writes them."""
    return np.zeros(count), np.full(count, OWN, np.int32)


def _lava_draws(seed: int, skip: int, count: int) -> Array:
    generator = np.random.PCG64(seed)
    generator.advance(skip)
    return np.random.Generator(generator).random(count)


def with_state(network: FixedNetwork, states: tuple[State, ...]) -> FixedNetwork:
    """The network with the weights that training reached, as a new object."""
    return dataclasses.replace(
        network,
        layers=tuple(
            dataclasses.replace(
                layer,
                weights=state.weights.T.copy(order="C"),
                feedback=state.feedback.copy(),
            )
            for layer, state in zip(network.layers, states, strict=True)
        ),
    )
