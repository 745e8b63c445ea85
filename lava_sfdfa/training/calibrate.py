"""Settings that follow from the data, for data sets without settings of their own.

A pass over some training samples, before learning and without their labels: where the
events of recordings lie in time, and how a new network answers to them in the chip's
integers. Loihi's host could do the same before it starts a chip.
"""

import dataclasses
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.data.samples import Dataset, Recordings
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import range_of
from lava_sfdfa.network.artifact import check_front
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.quantise import (
    highest_threshold,
    quantise,
    tag_gain,
    weight_unit,
)
from lava_sfdfa.network.real import build_network
from lava_sfdfa.training.record import saturation
from lava_sfdfa.types import Array

N_SAMPLES = 200  # of the training part, evenly spaced
N_LEARNED = 50  # of these, to measure eligibilities
SHOWN_PERCENT = 99.5  # of the events: the few last ones would stretch the rest
# Of the window in which input arrives. The SFDFA authors have a tenth for the synapse
# too, and twice that for the membrane, where recordings last a second (SHD).
TAU_SYNAPSE_SHARE = 0.1
IMPULSES = (widths.TRACE.maximum, 64, 32, 16, 8)  # the largest that fits is taken
TRACES_CUT = 0.03  # share of the input spikes that may be cut off in the traces
# Spikes of a neuron in a sample before learning, about those of the settings that were
# chosen for MNIST, which have 0.58 and 0.25 (others: docs/figures.md).
HIDDEN_RATE, OUTPUT_RATE = 0.5, 0.25
N_OUTPUTS = 64  # in trials at least: a few outputs with random weights say little
HALVINGS = 14  # of the range of a threshold, on a log scale: to a part in a thousand
# Learning rate times the sum of the squares of a neuron's eligibilities: what an error
# of one spike changes in the answer to the same sample.
STEP = 0.05


@dataclass(frozen=True)
class Calibration:
    """The settings, and what they follow from, in sentences."""

    config: Config
    notes: tuple[str, ...]


def calibrate(
    config: Config,
    data: Dataset,
    given: Collection[str],
    front: tuple[FrozenLayer, ...] = (),
) -> Calibration:
    """The settings for a data set. given: names of those that stay as they are; front:
    the frozen layers, of which the others see what they send.

    Deterministic. Errors: InputError where a setting that was given allows none.
    """
    check_front(front, data, config.hidden)
    learned = data.train.first(config.limit)
    chosen = np.linspace(0, len(learned) - 1, min(N_SAMPLES, len(learned)))
    samples = learned.take(chosen.astype(np.int64))
    settled, notes = set(given), []
    where = data.source or data.name
    if isinstance(samples, Recordings):
        if not len(samples.time_us):
            raise InputError(f"{where}: no recording of the training part has an event")
        config = dataclasses.replace(config, **_times(config, samples, given))
        notes.append(_note_of_times(config, samples))
    elif not front:
        settled.add("input_impulse")  # each input spikes once
    if not config.hidden and "loss" not in settled:
        config = dataclasses.replace(config, loss="count")
        notes.append(
            "loss count, since outputs alone do not learn from silence, which is no "
            "error of other classes with loss margin"
        )
    part = encode(samples, config)
    if not len(part.events.index):
        raise InputError(f"{where}: the training samples {_why_no_spike(config, data)}")
    sent = through_front(front, part.events, config.steps)
    if not len(sent.index):
        raise InputError(
            f"{where}: no neuron of the last frozen layer spikes for the training "
            "samples, so there is nothing to learn from; freeze fewer layers"
        )
    part = Part(sent, part.labels)
    trial = _Trial(config, part, max(N_OUTPUTS, data.n_classes))
    for name, search in SEARCHES.items():
        if name not in settled:
            trial = trial.with_setting(name, search(trial))
    notes += [_note_of_rates(trial), _note_of_learning(trial.config, given)]
    return Calibration(trial.config, tuple(notes))


def _why_no_spike(config: Config, data: Dataset) -> str:
    if data.kind != "events":
        return "have no spikes, since all pixels are black; give samples that differ"
    return (
        f"have no input spikes with recording_s {config.recording_s:g}, bins "
        f"{config.bins} and bin_events {config.bin_events}; leave these open, and they "
        "are found"
    )


# --- recordings -------------------------------------------------------------------


def _times(
    config: Config, samples: Recordings, given: Collection[str]
) -> dict[str, Any]:
    """Extent, bins and time constants that are not given, from where the events lie."""
    last_s = float(np.percentile(samples.time_us, SHOWN_PERCENT)) / 1e6
    tau = TAU_SYNAPSE_SHARE * config.window_s
    values = {
        "recording_s": _allowed("recording_s", last_s, 3),
        "bins": config.window_steps,
    }
    if not {"tau_synapse_s", "tau_membrane_s"} & set(given):
        values |= {"tau_synapse_s": tau, "tau_membrane_s": 2 * tau}
    return {name: value for name, value in values.items() if name not in given}


def _allowed(name: str, value: float, digits: int) -> float:
    """A setting with so many digits, within its range."""
    limits = range_of(Config, name)
    return min(max(float(f"{value:.{digits}g}"), limits.low), limits.high)


# --- trials -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Trial:
    """A new network, and samples to show to it."""

    config: Config
    part: Part
    n_outputs: int

    def with_setting(self, name: str, value: Any) -> "_Trial":
        changes: dict[str, Any] = {name: value}
        config = dataclasses.replace(self.config, **changes)
        return dataclasses.replace(self, config=config)

    def engine(self, **changes: Any) -> Engine:
        # As the network is before it learns, so that no neuron is woken.
        config = dataclasses.replace(self.config, wake=False, **changes)
        network = build_network(config, self.part.events.n_inputs, self.n_outputs)
        engine = Engine(quantise(network, config))
        engine.set_learning_share(0.0)
        return engine

    def rates(self, **changes: Any) -> Array:
        """Spikes of a neuron of each layer in a sample, with some settings changed."""
        engine = self.engine(**changes)
        _, n_spikes = engine.classify(self.part.events)
        sizes = np.array(engine.start_network.sizes[1:])
        return n_spikes / sizes / len(self.part)

    def traces_cut(self, impulse: int) -> float:
        """Share of the input spikes that are cut off in the traces."""
        engine = self.engine(input_impulse=impulse)
        engine.learn(self.part.events, self.part.labels, np.arange(len(self.part)))
        return saturation(engine.take_counts())["traces"][0]

    def square_of_eligibilities(self) -> float:
        """Mean sum of the squares of the eligibilities of a neuron that fired, of the
        layer where it is largest; 1 where no neuron fired."""
        engine, squares = self.engine(), []
        gains = [
            tag_gain(layer, weight_unit(self.config, number))
            for number, layer in enumerate(engine.start_network.layers)
        ]
        every = max(1, len(self.part) // N_LEARNED)
        for sample in range(0, len(self.part), every):
            engine.learn(self.part.events, self.part.labels, np.array([sample]))
            layers = [engine.sample(number) for number in range(len(gains))]
            squares.append(
                [
                    (np.sum((layer.tags / gain) ** 2), np.sum(layer.counts > 0))
                    for layer, gain in zip(layers, gains, strict=True)
                ]
            )
        total, n_fired = np.sum(squares, axis=0).T
        largest = float(np.max(total / np.maximum(n_fired, 1)))
        return largest or 1.0


# --- searches ---------------------------------------------------------------------


def _impulse(trial: _Trial) -> int:
    """The largest impulse with which few traces of the inputs are cut off."""
    for impulse in IMPULSES[:-1]:
        if trial.traces_cut(impulse) <= TRACES_CUT:
            return impulse
    return IMPULSES[-1]


def _weight_init(trial: _Trial) -> float:
    """Initial weights so small that the chip holds the threshold: with very many
    inputs, half of those of the settings, or a quarter, and so on."""
    weight_init, wanted = trial.config.weight_init, HIDDEN_RATE
    name, layers = "threshold_hidden", slice(-1)
    if not trial.config.hidden:
        name, layers, wanted = "threshold_output", slice(None), OUTPUT_RATE
    most = range_of(Config, name).high
    highest = min(highest_threshold(trial.config, 0), most)
    for _ in range(HALVINGS):
        now = {"weight_init": weight_init, name: highest}
        if np.mean(trial.rates(**now)[layers]) <= wanted:
            break
        weight_init /= 2
    return weight_init


def _threshold(trial: _Trial, name: str, layers: slice, wanted: float) -> float:
    """The threshold at which the neurons of some layers spike as often as wanted: they
    spike less, the higher it is."""
    number = 0 if name == "threshold_hidden" else len(trial.config.hidden)
    highest = math.log(highest_threshold(trial.config, number))
    limits = range_of(Config, name)
    low, high = math.log(limits.low), math.log(limits.high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        rate = 0.0
        if middle < highest:
            rate = float(np.mean(trial.rates(**{name: math.exp(middle)})[layers]))
        low, high = (middle, high) if rate > wanted else (low, middle)
    return _allowed(name, math.exp(low), 3)


def _hidden_threshold(trial: _Trial) -> float:
    if not trial.config.hidden:
        return trial.config.threshold_hidden
    return _threshold(trial, "threshold_hidden", slice(-1), HIDDEN_RATE)


def _output_threshold(trial: _Trial) -> float:
    return _threshold(trial, "threshold_output", slice(-1, None), OUTPUT_RATE)


def _learning_rate(trial: _Trial) -> float:
    return _allowed("learning_rate", STEP / trial.square_of_eligibilities(), 2)


# What each setting is found by, in the order in which one needs those before it.
SEARCHES: dict[str, Callable[[_Trial], float]] = {
    "input_impulse": _impulse,
    "weight_init": _weight_init,
    "threshold_hidden": _hidden_threshold,
    "threshold_output": _output_threshold,
    "learning_rate": _learning_rate,
}


# --- sentences --------------------------------------------------------------------


def _note_of_times(config: Config, samples: Recordings) -> str:
    late = float(np.mean(samples.time_us >= config.recording_s * 1e6))
    return (
        f"recordings are shown up to {config.recording_s:g} s (recording_s), in "
        f"{config.bins} bins; {late:.1%} of the events come later and are left out"
    )


def _note_of_rates(trial: _Trial) -> str:
    config, n = trial.config, len(trial.part)
    hidden, output = config.threshold_hidden, config.threshold_output
    rates = " and ".join(f"{rate:.2f}" for rate in trial.rates())
    return (
        f"{len(trial.part.events.index) / n:.0f} input spikes a sample make neurons of "
        f"the layers spike {rates} times, with threshold_hidden {hidden:g} and "
        f"threshold_output {output:g}"
    )


def _note_of_learning(config: Config, given: Collection[str]) -> str:
    impulse = config.input_impulse or widths.TRACE.maximum
    why = "as given" if "learning_rate" in given else "from what synapses remember"
    return (
        f"learning_rate {config.learning_rate:g}, {why}; an input spike adds {impulse} "
        "to its traces (input_impulse)"
    )
