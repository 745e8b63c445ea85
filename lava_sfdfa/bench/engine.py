"""The engine alone: samples and synaptic operations a second."""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.bench.workload import Workload
from lava_sfdfa.results import Result

REPEATS = 5  # of which the median counts


@dataclass(frozen=True)
class EngineSpeed(Result):
    """The median of `REPEATS` runs. Rates are of one core unless the name says
    otherwise; spikes are means of a sample."""

    network: str
    steps: int
    learning_microseconds: float
    classifying_microseconds: float
    learned_per_second: int
    classified_per_second: int
    classified_per_second_all_cores: int
    # A spike times the neurons it reaches, forward; updates of tags not counted.
    synaptic_operations_per_second: int
    weight_updates_per_second: int
    input_spikes: float
    hidden_spikes: list[float]
    peak_memory_mb: int


def measure_engine(load: Workload) -> EngineSpeed:
    """Learn and classify the samples of a workload several times."""
    engine, n = load.trained(), len(load)
    order = np.arange(n)
    learn = median_time(engine.learn, load.events, load.labels, order)
    counts = engine.take_counts()
    on_all = median_time(engine.classify, load.events)
    engine.cores = 1
    classify = median_time(engine.classify, load.events)
    spikes = [len(load.events.index) / n]
    spikes += [count["spikes"] / (REPEATS * n) for count in counts[:-1]]
    fan_out = load.network.sizes[1:]
    operations = sum(a * b for a, b in zip(spikes, fan_out, strict=True)) * n
    updates = sum(count["weight_updates"] for count in counts) / REPEATS
    return EngineSpeed(
        network="-".join(map(str, load.network.sizes)),
        steps=load.network.steps,
        learning_microseconds=round(learn / n * 1e6, 1),
        classifying_microseconds=round(classify / n * 1e6, 1),
        learned_per_second=round(n / learn),
        classified_per_second=round(n / classify),
        classified_per_second_all_cores=round(n / on_all),
        synaptic_operations_per_second=round(operations / learn),
        weight_updates_per_second=round(updates / learn),
        input_spikes=round(spikes[0], 1),
        hidden_spikes=[round(count, 1) for count in spikes[1:]],
        peak_memory_mb=_peak_memory_mb(),
    )


def _peak_memory_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)  # bytes, or KiB


def median_time(function: Callable[..., Any], *arguments: Any) -> float:
    """Seconds of a call: the median of `REPEATS`."""
    return statistics.median(seconds_of(function, *arguments) for _ in range(REPEATS))


def seconds_of(function: Callable[..., Any], *arguments: Any) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin
