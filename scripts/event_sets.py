"""Event recordings to develop on, made of time series by a level-crossing code.

    python scripts/event_sets.py FOLDER OUT

For every `.npz` file of FOLDER (x_train (n, channels, length), y_train, x_test, y_test)
writes one of recordings to OUT, for `train --dataset FILE`. A channel has levels at
quantiles of the training part, and for each level an input for crossings upwards and
one for those downwards; a recording lasts a second.
"""

import argparse
from pathlib import Path

import numpy as np

PARTS = ("train", "test")
LEVELS = {1: 20, 6: 6, 12: 4}  # of a channel, by the number of channels
DURATION_US = 1_000_000


def level_crossings(x: np.ndarray, levels: np.ndarray) -> list[tuple]:
    """Times in microseconds and inputs of the events of each sample.

    x: float64 (n, channels, length), NaN behind the end of a series; levels: float64
    (channels, n_levels). Input (channel * n_levels + level) * 2 + downwards.
    """
    return [_crossings(series, levels) for series in x]


def _crossings(series: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.flatnonzero(np.isfinite(series).any(axis=0))
    series = series[:, : there[-1] + 1]
    span = DURATION_US / max(1, series.shape[1] - 1)  # of a step
    times, inputs = [], []
    for channel, row in enumerate(series):
        for level, value in enumerate(levels[channel]):
            above = row > value
            whole = np.isfinite(row[1:]) & np.isfinite(row[:-1])
            at = np.flatnonzero(whole & (above[1:] != above[:-1]))
            share = (value - row[at]) / (row[at + 1] - row[at])
            times.append((at + share) * span)
            first = 2 * (channel * levels.shape[1] + level)
            inputs.append(first + above[at])
    time_us, index = np.concatenate(times), np.concatenate(inputs)
    order = np.argsort(time_us, kind="stable")
    return np.floor(time_us[order]).astype(np.int64), index[order]


def event_set(path: Path) -> dict[str, np.ndarray]:
    """A file of time series as the arrays of a file of recordings."""
    with np.load(path) as arrays:
        x = {part: arrays[f"x_{part}"].astype(float) for part in PARTS}
        y = {part: arrays[f"y_{part}"] for part in PARTS}
    n_levels = LEVELS.get(x["train"].shape[1], 4)
    shares = (np.arange(n_levels) + 0.5) / n_levels
    levels = np.nanquantile(x["train"], shares, axis=(0, 2)).T
    made = {"shape": np.array([2 * levels.size])}
    for part in PARTS:
        events = level_crossings(x[part], levels)
        lengths = [len(times) for times, _ in events]
        made[f"time_us_{part}"] = np.concatenate([times for times, _ in events])
        made[f"index_{part}"] = np.concatenate([index for _, index in events])
        made[f"offset_{part}"] = np.concatenate([[0], np.cumsum(lengths)])
        made[f"y_{part}"] = y[part]
    return made


def main() -> None:
    """Write every set, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.folder.glob("*.npz")):
        made = event_set(path)
        np.savez_compressed(options.out / path.name, **made)
        per_sample = len(made["index_train"]) / len(made["y_train"])
        print(f"{path.stem}: {made['shape'][0]} inputs, {per_sample:.0f} events each")


if __name__ == "__main__":
    main()
