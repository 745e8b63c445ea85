"""An epoch in the chip's integers: samples one after the other, then validation."""

import time

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import Part
from lava_sfdfa.data.samples import shuffled
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.training.loop import Meter
from lava_sfdfa.training.record import (
    Row,
    added,
    learning_share,
    saturation,
    silent_neurons,
    weights_at_limit,
)
from lava_sfdfa.types import Array


class FixedLearner:
    """Drives an engine through epochs; see `loop.Learner`.

    part: to learn; validation: to classify after every epoch, or None; order: of the
    samples in every epoch, by default shuffled anew. `predictions` holds what was
    predicted of each sample of the last epoch before it was learned.
    """

    def __init__(
        self,
        engine: Engine,
        config: Config,
        part: Part,
        validation: Part | None = None,
        order: Array | None = None,
    ):
        self.engine, self.config = engine, config
        self.part, self.validation, self._order = part, validation, order
        self.learn_seconds = 0.0
        self.predictions = np.zeros(0, np.int64)

    @property
    def n_samples(self) -> int:
        """Samples that an epoch learns."""
        return len(self.part) if self._order is None else len(self._order)

    def learn(self, epoch: int, meter: Meter) -> Row:
        """Learn all samples once; returns a row of the record."""
        engine, part, order = self.engine, self.part, self.order(epoch)
        engine.set_learning_share(learning_share(self.config, epoch))
        engine.take_counts()
        self.predictions = np.zeros(len(order), np.int64)
        totals: list[dict[str, int]] = [{} for _ in engine.states]
        for begin in range(0, len(order), engine.chunk):
            chosen = order[begin : begin + engine.chunk]
            counts = self._learn_chunk(part, begin, chosen)
            totals = [added(*pair) for pair in zip(totals, counts, strict=True)]
            predicted = self.predictions[begin : begin + len(chosen)]
            meter.count(
                len(chosen),
                int(np.sum(predicted == part.labels[chosen])),
                spikes=sum(c["spikes"] for c in counts[:-1]) / len(chosen),
                saturation=max(max(share) for share in saturation(counts).values()),
            )
        return {**self._row(epoch, totals, meter), **self._validate()}

    def order(self, epoch: int) -> Array:
        """The order of the samples in an epoch: int64."""
        if self._order is not None:
            return self._order
        return shuffled(self.config.seed, random.ORDER, epoch, len(self.part))

    def _learn_chunk(
        self, part: Part, begin: int, chosen: Array
    ) -> list[dict[str, int]]:
        started = time.perf_counter()
        predictions = self.engine.learn(part.events, part.labels, chosen)
        self.learn_seconds += time.perf_counter() - started
        self.predictions[begin : begin + len(chosen)] = predictions
        return self.engine.take_counts()

    def _row(self, epoch: int, totals: list[dict[str, int]], meter: Meter) -> Row:
        return {
            "train_accuracy": meter.accuracy,
            "spikes": [count["spikes"] / self.n_samples for count in totals],
            "weights_changed": [
                count["weights_changed"] / max(1, count["weight_updates"])
                for count in totals
            ],
            "silent": silent_neurons(self.engine),
            "weights_at_limit": weights_at_limit(self.engine),
            "alignment": list(self.engine.alignment()),
            "learning_share": learning_share(self.config, epoch),
            **{f"saturation_{k}": v for k, v in saturation(totals).items()},
        }

    def _validate(self) -> dict[str, float]:
        if self.validation is None:
            return {}
        predictions, _ = self.engine.classify(self.validation.events)
        return {"val_accuracy": float(np.mean(predictions == self.validation.labels))}
