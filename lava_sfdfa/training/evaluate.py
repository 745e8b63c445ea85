"""Accuracy of a trained network on the test part of a data set."""

import time
from dataclasses import dataclass

import numpy as np

from lava_sfdfa.console import Progressed
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact, check_fits
from lava_sfdfa.results import Result

CHUNK = 256  # samples between two looks at the display


@dataclass(frozen=True)
class Evaluation(Result):
    """What `evaluate` found; spikes have an entry a layer."""

    test_accuracy: float
    samples: int
    samples_per_second: float
    spikes_per_sample: list[float]
    dataset: str
    digest: str  # of the artifact

    @property
    def accuracy(self) -> float:
        """Share of the samples that are classified right."""
        return self.test_accuracy


def evaluate(
    artifact: Artifact, data: Dataset, limit: int | None, progress: Progressed
) -> Evaluation:
    """Classify the test part, or its first `limit` samples. Errors: InputError where
    the data do not fit the network."""
    check_fits(artifact, data)
    if len(data.test) == 0:
        raise InputError(f"{data.name}: has no test part; give data that have one")
    part = encode_for(artifact.network, data.test.first(limit), artifact.config)
    engine = Engine(artifact.network)
    compile_engine(artifact.network, part.events)
    n_right, totals, seconds = 0, np.zeros(len(engine.states), np.int64), 0.0
    for begin in range(0, len(part), CHUNK):
        chosen = np.arange(begin, min(begin + CHUNK, len(part)))
        started = time.perf_counter()
        predictions, n_spikes = engine.classify(part.events, chosen)
        seconds += time.perf_counter() - started
        n_right += int(np.sum(predictions == part.labels[chosen]))
        totals += n_spikes
        progress(begin + len(chosen), len(part))
    return Evaluation(
        test_accuracy=n_right / len(part),
        samples=len(part),
        samples_per_second=round(len(part) / max(seconds, 1e-9), 1),
        spikes_per_sample=(totals / len(part)).tolist(),
        dataset=data.name,
        digest=artifact.digest,
    )
