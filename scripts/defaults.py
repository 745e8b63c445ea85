"""Data that nobody tuned for, at the defaults, beside scikit-learn's MLP.

    python scripts/defaults.py --data-dir DIR >> scripts/results/defaults.jsonl

For scikit-learn's tables, the time series of DIR/time-series, and the event recordings
that `event_sets.py` makes of these: a training with no option but the data, and an MLP
with as many hidden neurons on the same split. The MLP sees standardised features; of
recordings, the counts of the events of each input in eight parts of what is shown of
them. It also learns the tenth of the training part that ours keeps for validation. With
--float also the float rule on the same events, with the thresholds and time constants
that calibration found. Prints a JSON line a seed and set, and a table at the end.
"""

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from event_sets import event_set
from sklearn import datasets as sklearn_sets
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset, Recordings
from lava_sfdfa.reference.config import FloatConfig
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.floating import train_float
from lava_sfdfa.training.run import TrainingResult

TABLES = ("iris", "wine", "breast_cancer", "digits")
BINS = 8  # of time, for the MLP
FLOAT_BATCH, FLOAT_RATE = 10, 1e-3  # of Adam, for sets as small as these

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def tables(seed: int) -> Iterator[tuple[str, Split]]:
    """A table of scikit-learn, a fifth of it the test part: another for every seed."""
    for name in TABLES:
        x, y = getattr(sklearn_sets, f"load_{name}")(return_X_y=True)
        parts = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
        yield name, (parts[0], parts[2], parts[1], parts[3])


def series(folder: Path) -> Iterator[tuple[str, Split]]:
    """The time series, split as they were published."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            names = ("x_train", "y_train", "x_test", "y_test")
            yield path.stem, tuple(file[name] for name in names)


def features(x: np.ndarray) -> np.ndarray:
    """Samples as the MLP sees them."""
    return np.nan_to_num(x.reshape(len(x), -1))


def counts(part: Recordings, end_us: float) -> np.ndarray:
    """Events of each input in each part of the extent: (n, inputs * BINS)."""
    made = np.zeros((len(part), BINS, part.n_inputs))
    for sample in range(len(part)):
        own = slice(part.offset[sample], part.offset[sample + 1])
        at = (part.time_us[own] * BINS // end_us).astype(int)
        shown = at < BINS
        np.add.at(made[sample], (at[shown], part.index[own][shown]), 1)
    return made.reshape(len(part), -1)


def mlp(parts: Split, hidden: int, seed: int) -> float:
    """Accuracy of scikit-learn's MLP on the test part."""
    x, y, x_test, y_test = parts
    model = make_pipeline(
        StandardScaler(), MLPClassifier((hidden,), max_iter=300, random_state=seed)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(model.fit(x, y).score(x_test, y_test))


def float_rule(data: Dataset, model: ls.Model, seed: int) -> float:
    """Accuracy of the float rule on the events that a model learned."""
    config = model.config
    real = config.recording_s / config.window_s  # seconds of a recording in one of ours
    settings = FloatConfig(
        dataset=data.name,
        hidden=config.hidden,
        epochs=config.epochs,
        seed=seed,
        batch=FLOAT_BATCH,
        learning_rate=FLOAT_RATE,
        feedback_rate=FLOAT_RATE,
        window_s=config.recording_s,
        duration_s=config.duration_s * real,
        tau_synapse_s=config.tau_synapse_s * real,
        threshold_hidden=config.threshold_hidden,
        threshold_output=config.threshold_output,
    )
    return train_float(data, settings, None, Silence())[1].test_accuracy


def row(kind: str, name: str, seed: int, model: ls.Model, peer: float) -> dict:
    """A line: what a training gave, and what was seen inside."""
    result = model.result
    assert isinstance(result, TrainingResult)
    return {
        "kind": kind,
        "set": name,
        "seed": seed,
        "hidden": list(model.config.hidden),
        "epochs": result.epochs,
        "test_accuracy": round(result.accuracy, 4),
        "mlp": round(peer, 4),
        "silent": result.silent,
        "saturation": {k: round(v, 4) for k, v in result.saturation.items()},
        "digest": result.digest,
    }


def run(options: argparse.Namespace) -> Iterator[dict]:
    """Train on every set, with every seed."""
    more: dict[str, Any] = {"epochs": 1, "limit": 50} if options.quick else {}
    for seed in options.seeds:
        folder = options.data_dir / "time-series"
        for kind, sets in (("table", tables(seed)), ("series", series(folder))):
            for name, parts in sets:
                model = ls.train(parts, seed=seed, **more)
                x, y, x_test, y_test = parts
                seen = (features(x), y, features(x_test), y_test)
                yield row(
                    kind, name, seed, model, mlp(seen, model.config.hidden[0], seed)
                )
        for path in sorted(folder.glob("*.npz")):
            with tempfile.TemporaryDirectory() as made:
                file = Path(made) / path.name
                np.savez(file, **event_set(path))
                data = load_dataset(str(file))
            model = ls.train(data, seed=seed, **more)
            assert isinstance(data.train, Recordings)
            assert isinstance(data.test, Recordings)
            end = model.config.recording_s * 1e6
            assert isinstance(data.validation, Recordings)
            given = (data.train, data.validation)
            x = np.concatenate([counts(part, end) for part in given])
            y = np.concatenate([part.labels for part in given])
            seen = (x, y, counts(data.test, end), data.test.labels)
            peer = mlp(seen, model.config.hidden[0], seed)
            line = row("events", path.stem, seed, model, peer)
            if options.float:
                line["float"] = round(float_rule(data, model, seed), 4)
            yield line


def table(rows: list[dict]) -> str:
    """Means over the seeds, as a table in Markdown."""
    columns = ("test_accuracy", "mlp", "float")
    lines = ["| data | hidden | ours | MLP | float rule |", "|---|---|---|---|---|"]
    for kind, name in dict.fromkeys((r["kind"], r["set"]) for r in rows):
        own = [r for r in rows if (r["kind"], r["set"]) == (kind, name)]
        cells = []
        for column in columns:
            found = [100 * r[column] for r in own if column in r]
            cells.append(
                f"{np.mean(found):.1f} +- {np.std(found):.1f}" if found else ""
            )
        hidden = ", ".join(map(str, own[0]["hidden"]))
        lines.append(f"| {name} ({kind}) | {hidden} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print a line a training, and the table on standard error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--float", action="store_true", help="also the float rule")
    parser.add_argument("--quick", action="store_true", help="as small as it gets")
    rows = []
    for line in run(parser.parse_args()):
        print(json.dumps(line), flush=True)
        rows.append(line)
    print(table(rows), file=sys.stderr)


if __name__ == "__main__":
    main()
