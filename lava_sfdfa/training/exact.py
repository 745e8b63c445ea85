"""Training with the exact gradient, in floating point: what feedback is measured by.

One sample at a time, with the same network, samples, order and learning rate as the
chip's rule has, without `lower_rate`: there is no noise. For small networks.
"""

from typing import Any

import numpy as np

from lava_sfdfa.chip import protocol, random
from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.data.events import Events
from lava_sfdfa.data.samples import Dataset, shuffled
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.real import Network, build_network
from lava_sfdfa.reference import equations
from lava_sfdfa.reference.gradients import exact_updates
from lava_sfdfa.training.angles import (
    FLOOR,
    input_spikes,
    real_neurons,
    target_errors,
)
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.loop import Meter, run_epochs
from lava_sfdfa.training.record import Row, learning_share
from lava_sfdfa.types import Array

MOST_WEIGHTS = 50_000  # of a network that is trained with the exact gradient
RATE_SHARE = 2.0**-protocol.RATE_SHIFT  # the running mean moves by this a sample


def train_exact(data: Dataset, config: Config, display: Display) -> dict[str, Any]:
    """One training: its test accuracy and its curve of validation.

    Errors: InputError where the network has more weights than this is made for.
    """
    network = build_network(config, data.train.n_inputs, data.n_classes)
    n_weights = sum(layer.weights.size for layer in network.layers)
    if n_weights > MOST_WEIGHTS:
        raise InputError(
            f"the exact gradient is for networks of up to {MOST_WEIGHTS} weights, and "
            f"this one has {n_weights}; leave out --feedback exact, or use smaller "
            "layers with --hidden"
        )
    part, validation, test = (
        encode(samples, config)
        for samples in (data.train.first(config.limit), data.validation, data.test)
    )
    training = ExactTraining(config, network)
    learner, rows = ExactLearner(training, part, validation), list[Row]()
    nowhere = RunFolder(None, display)
    run_epochs(
        learner,
        range(config.epochs),
        display,
        nowhere,
        lambda epoch, row: rows.append(row),
    )
    return {
        "test_accuracy": training.accuracy(test),
        "val_accuracy": [row["val_accuracy"] for row in rows],
    }


class ExactLearner:
    """Drives an `ExactTraining` through epochs; see `loop.Learner`."""

    def __init__(self, training: "ExactTraining", part: Part, validation: Part):
        self.training, self.part, self.validation = training, part, validation

    @property
    def n_samples(self) -> int:
        """Samples that an epoch learns."""
        return len(self.part)

    def learn(self, epoch: int, meter: Meter) -> Row:
        """Learn all samples once; returns a row of the record."""
        training, part = self.training, self.part
        share = learning_share(training.config, epoch)
        order = shuffled(training.config.seed, random.ORDER, epoch, len(part))
        for sample in order:
            right = training.learn_one(part.events, sample, part.labels[sample], share)
            meter.count(1, int(right))
        return {
            "train_accuracy": meter.accuracy,
            "val_accuracy": training.accuracy(self.validation),
        }


class ExactTraining:
    """A network in floating point that follows its exact gradient, bounded."""

    def __init__(self, config: Config, network: Network):
        self.config = config
        self.weights = [layer.weights.copy() for layer in network.layers]
        self.neurons = real_neurons(config)
        self.rates = [np.zeros(size) for size in config.hidden]

    def run(self, events: Events, sample: int) -> list[equations.Spikes]:
        """Spikes of the input and of all layers."""
        config = self.config
        spikes = [input_spikes(events, sample, config.duration_s / config.steps)]
        for matrix, layer in zip(self.weights, self.neurons, strict=True):
            spikes.append(
                equations.run_layer(matrix, layer, spikes[-1], config.duration_s)
            )
        return spikes

    def learn_one(self, events: Events, sample: int, label: int, share: float) -> bool:
        """One sample; whether it was right before."""
        config, spikes = self.config, self.run(events, sample)
        counts = spikes[-1].counts(len(self.weights[-1]))
        errors = target_errors(config, counts, label)
        updates = exact_updates(self.weights, self.neurons, spikes, errors, FLOOR)
        for number, rate in enumerate(self.rates):
            updates[number] += self._homeostasis(number, spikes)
            fired = spikes[number + 1].counts(len(rate))
            rate += RATE_SHARE * (fired - rate)
        step = share * config.learning_rate / config.tau_membrane_s
        for number, update in enumerate(updates):
            matrix, limit = self.weights[number], config.weight_limit_of(number)
            matrix += step * update
            np.clip(matrix, -limit, limit, matrix)
        return int(np.argmax(counts)) == label

    def _homeostasis(self, number: int, spikes: list[equations.Spikes]) -> Array:
        config, matrix = self.config, self.weights[number]
        update = np.zeros(matrix.shape)
        push = config.homeostasis * (config.target_rate - self.rates[number])
        outputs = spikes[number + 1]
        for post in np.unique(outputs.neurons):
            times = outputs.times[outputs.neurons == post]
            neurons = self.neurons[number]
            one = equations.eligibility(matrix[post], neurons, spikes[number], times)
            update[post] = push[post] * one.sum(axis=0)
        return update

    def accuracy(self, part: Part) -> float:
        """Share of samples classified right, by spike counts."""
        n_out = len(self.weights[-1])
        predictions = [
            np.argmax(self.run(part.events, sample)[-1].counts(n_out))
            for sample in range(len(part))
        ]
        return float(np.mean(predictions == part.labels))
