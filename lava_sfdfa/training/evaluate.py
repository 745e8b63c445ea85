"""Evaluation of a trained network."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.network.artifact import check_fits, load_artifact

CHUNK = 256  # samples between two looks at the display when classifying


def evaluate(
    path: Path,
    dataset: str | None,
    data_dir: Path | None,
    limit: int | None,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Accuracy of an artifact on the test part of a data set.

    dataset: by default the one it was trained on; limit: test samples to read.
    progress: called with the samples done and all. Errors: InputError.
    """
    artifact = load_artifact(path)
    trained_on = artifact.provenance.get("dataset", artifact.config.dataset)
    data = load_dataset(dataset or trained_on, data_dir)
    check_fits(artifact, data, artifact.network.sizes[-1])
    part = encode(data.test.first(limit), artifact.config)
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
    return {
        "test_accuracy": n_right / len(part),
        "samples": len(part),
        "samples_per_second": round(len(part) / max(seconds, 1e-9), 1),
        "spikes_per_sample": (totals / len(part)).tolist(),
        "dataset": data.name,
        "artifact": str(path),
        "digest": artifact.digest,
    }
