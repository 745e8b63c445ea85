"""What the machine could do: the least work of a sample, and the ceilings of its kinds.

The least work is counted in a trained network. A ceiling is how many such operations a
core does a second in the engine's own kernel, alone and on data in its cache. Their
quotient is the time that nothing but this work would take.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit

from lava_sfdfa.bench.engine import median_time
from lava_sfdfa.bench.phases import PHASES, Counts, phase_times
from lava_sfdfa.bench.workload import Workload
from lava_sfdfa.chip import random
from lava_sfdfa.engine.credit import apply_changes
from lava_sfdfa.engine.narrow import change_narrowly, grow_narrowly
from lava_sfdfa.engine.neurons import step_with_input, sum_rows
from lava_sfdfa.engine.state import VECTOR
from lava_sfdfa.results import Result
from lava_sfdfa.types import Array

SECONDS = 0.005  # that a kernel runs at least, before it is measured
ROWS, COLUMNS, NEURONS = 40, 160, 416  # of one, about those of 784-400-10


@dataclass(frozen=True)
class Ceiling(Result):
    """A kind of work: operations of a sample, a second, and what they take."""

    work: str
    operations: float
    per_second: float
    microseconds: float


@dataclass(frozen=True)
class Phase(Result):
    """A phase of a sample: what it takes, and what its least work would take."""

    phase: str
    microseconds: float
    limit_microseconds: float
    share: float


@dataclass(frozen=True)
class Limit(Result):
    """The time of the least work of a sample; shares are of the engine's time."""

    ceilings: list[Ceiling]
    phases: list[Phase]
    classifying_microseconds: float  # of the phase of the neurons
    learning_microseconds: float  # of all phases
    classifying_share: float
    learning_share: float


def measure_limit(load: Workload) -> Limit:
    """The limit of a workload, and how near the engine comes to it, in one run."""
    times, counts = phase_times(load)
    work, rates = least_work(load, counts), ceilings()
    found = [
        Ceiling(
            name, round(work[name], 1), round(rate), round(work[name] / rate * 1e6, 2)
        )
        for name, rate in rates.items()
    ]
    limits = {
        phase: sum(c.microseconds for c in found if c.work in kinds)
        for phase, kinds in PHASES.items()
    }
    whole, learning = sum(limits.values()), sum(times.values())
    return Limit(
        ceilings=found,
        phases=[
            Phase(
                name,
                round(took, 2),
                round(limits[name], 2),
                round(limits[name] / took, 3),
            )
            for name, took in times.items()
        ],
        classifying_microseconds=round(limits["neurons"], 2),
        learning_microseconds=round(whole, 2),
        classifying_share=round(limits["neurons"] / times["neurons"], 3),
        learning_share=round(whole / learning, 3),
    )


def least_work(load: Workload, counts: Counts) -> dict[str, float]:
    """Operations that an event-driven engine can hardly leave out: means of a sample.

    counts: of each layer, in one pass over the samples. Growths are counted with all
    columns of a sample, some 2 % more than there are.
    """
    n, sizes = len(load), load.network.sizes
    spikes = [len(load.events.index) / n, *(c["spikes"] / n for c in counts)]
    grown = [
        c["spikes"] / n * c["tags"] / max(1, c["neurons_tagged"]) for c in counts
    ]  # growths, each of all columns
    first, last = _steps_with_input(load)
    return {
        "additions": sum(a * b for a, b in zip(spikes, sizes[1:], strict=False)),
        "neurons": float(sum(sizes[1:]) * (last - first)),
        "tags": sum(grown),
        "changes": sum(c["weight_updates"] for c in counts) / n,
        "weights": sum(c["weight_updates"] for c in counts) / n,
    }


def _steps_with_input(load: Workload) -> tuple[float, float]:
    """The first step with a spike and the one after the last: means of a sample."""
    has = load.events.counts > 0
    length = has.shape[1]
    return float(np.argmax(has, 1).mean()), float(
        (length - np.argmax(has[:, ::-1], 1)).mean()
    )


def ceilings() -> dict[str, float]:
    """Operations a second, by the kind of work."""
    rng = np.random.RandomState(0)
    weights = rng.randint(-40, 40, (784, 400)).astype(np.int8)
    spikes = rng.permutation(784)[:COLUMNS].astype(np.int32)
    sums, u = np.zeros(NEURONS, np.int16), np.zeros(NEURONS, np.int32)
    v, above = u.copy(), np.zeros(NEURONS // VECTOR, np.uint32)
    tags, changes = np.zeros((2, ROWS, COLUMNS), np.int16)
    x1, x2 = rng.randint(0, 128, (2, 64, COLUMNS)).astype(np.uint8)
    key = np.array([random.synapse_step(pre) for pre in range(COLUMNS)], np.uint32)
    noise = np.zeros(VECTOR, np.uint8)
    moved = np.sort(rng.permutation(400)[:ROWS]).astype(np.int32)
    cases: dict[str, tuple[Callable[..., None], tuple[Array, ...], int]] = {
        "additions": (_add, (weights, sums, spikes), COLUMNS * 400),
        "neurons": (_step, (u, v, sums, above), NEURONS),
        "tags": (_grow, (tags, x1, x2, key, noise), ROWS * COLUMNS),
        "changes": (_change, (changes, tags, key), ROWS * COLUMNS),
        "weights": (_apply, (weights, changes, spikes, moved), ROWS * COLUMNS),
    }
    rates = {}
    for name, (kernel, arrays, operations) in cases.items():
        kernel(*arrays, 1)  # compiles
        rounds = 1
        while median_time(kernel, *arrays, rounds) < SECONDS:
            rounds *= 4
        rates[name] = operations * rounds / median_time(kernel, *arrays, rounds)
    return rates


@njit
def _add(weights, sums, spikes, rounds):
    for _ in range(rounds):
        sum_rows(weights, sums, spikes, 0, spikes.size)


@njit
def _step(u, v, sums, above, rounds):
    for number in range(rounds):
        decay = np.int32(4000 + (number & 1))
        step_with_input(u, v, sums, above, decay, np.int32(4050), np.int32(500_000))


@njit
def _grow(tags, x1, x2, key, noise, rounds):
    n = tags.shape[1]
    for number in range(rounds):
        for row in range(tags.shape[0]):
            step, gain = (number + row) % x1.shape[0], 100 + (number + row) % 100
            row_key = np.uint32(number * 977 + row)
            grow_narrowly(tags, row, x1, x2, step, n, gain, 1, row_key, key, noise)


@njit
def _change(changes, tags, key, rounds):
    n = tags.shape[1]
    for number in range(rounds):
        for row in range(tags.shape[0]):
            row_key = np.uint32(number * 977 + row)
            gain = number % 200 - 100
            change_narrowly(changes, row, tags, row, n, gain, 4, row_key, key)


@njit
def _apply(weights, changes, active, moved, rounds):
    for _ in range(rounds):
        apply_changes(weights, changes, active, moved)
