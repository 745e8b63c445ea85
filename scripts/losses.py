"""Where accuracy is lost: one width or one mechanism at a time, from one base.

    python scripts/losses.py --data-dir DIR >> scripts/results/losses.jsonl

Trains the same small network (MNIST 784-200-10, 10,000 samples, 4 epochs) again and
again, each time with one thing changed, and prints validation accuracy as one JSON
line a training. Widths are made smaller or larger than the chip's where a change of
the parameters can do it. The test part is not read.
"""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.chip.protocol import SILENT_RATE
from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset, shuffled
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.record import learning_share

Change = Callable[[FixedNetwork], FixedNetwork]

# Settings that differ from the base, by the name of the row.
SETTINGS: dict[str, dict] = {
    "base": {},
    "two-sided errors": {"loss": "count"},
    "two-sided errors, targets 15 and 3": {
        "loss": "count",
        "target_true": 15,
        "target_false": 3,
    },
    "targets 15 and 3": {"target_true": 15, "target_false": 3},
    "targets 8 and 4": {"target_true": 8, "target_false": 4},
    "weights 7 bits": {"weight_limit": 6.0},
    "weights 6 bits": {"weight_limit": 12.0},
    "weights to hidden neurons as wide as to outputs": {"hidden_range": 1.0},
    "weight range halved": {"weight_limit": 1.5},
    "one random number a step for all synapses": {"rounding": "shared"},
    "32 steps": {"steps": 32},
    "128 steps": {"steps": 128},
    "time constants halved": {"tau_synapse_s": 0.065, "tau_membrane_s": 0.13},
    "y1 doubled, tags doubled": {"reciprocal_headroom": 1},
    "learning rate does not fall": {"learning_rate_end": 1.0},
    "learning rate falls to 0.2": {"learning_rate_end": 0.2},
    "learning rate halved": {"learning_rate": 0.015},
    "learning rate doubled": {"learning_rate": 0.06},
    "homeostasis off": {"homeostasis": 0.0},
    "homeostasis halved": {"homeostasis": 1.0},
    "target rate doubled": {"target_rate": 0.4},
    "random feedback": {"feedback": "random"},
    "perfect feedback": {"feedback": "symmetric"},
}


def traces_smaller(network: FixedNetwork) -> FixedNetwork:
    """Traces as if they had two bits less: impulses of a quarter, tags likewise."""
    layers = tuple(
        dataclasses.replace(layer, impulse=layer.impulse // 4)
        for layer in network.layers
    )
    return _commit_scaled(dataclasses.replace(network, layers=layers))


def reciprocal_coarser(network: FixedNetwork) -> FixedNetwork:
    """1/u as if it had two bits less: y1 of a quarter, tags likewise."""
    layers = tuple(
        dataclasses.replace(layer, reciprocal_exponent=layer.reciprocal_exponent - 2)
        for layer in network.layers
    )
    return _commit_scaled(dataclasses.replace(network, layers=layers))


def _commit_scaled(network: FixedNetwork) -> FixedNetwork:
    """Commits that scale up what smaller tags lost."""

    def moved(layer):
        rule = layer.rule
        weight = dataclasses.replace(rule.weight, exponent=rule.weight.exponent + 2)
        return dataclasses.replace(layer, rule=type(rule)(rule.tag, weight))

    return dataclasses.replace(network, layers=tuple(map(moved, network.layers)))


CHANGES: dict[str, Change] = {
    "traces 5 bits": traces_smaller,
    "1/u 5 bits": reciprocal_coarser,
}


def train(config: Config, data: Dataset, change: Change | None) -> dict:
    """One training; the figures of its last epoch."""
    part = encode(data.train.first(config.limit), config)
    held = encode(data.validation, config)
    network = quantise(build_network(config, data.train.n_inputs, 10), config)
    engine = Engine(change(network) if change else network)
    curve = []
    for epoch in range(config.epochs):
        engine.set_learning_share(learning_share(config, epoch))
        order = shuffled(config.seed, random.ORDER, epoch, len(part))
        predictions = engine.learn(part.events, part.labels, order)
        learned = float(np.mean(predictions == part.labels[order]))
        predictions, n_spikes = engine.classify(held.events)
        curve.append(round(float(np.mean(predictions == held.labels)), 4))
    return {
        "validation": curve[-1],
        "training": round(learned, 4),
        "curve": curve,
        "spikes": (n_spikes / len(held)).round(1).tolist(),
        "silent": [int(np.sum(s.rate < SILENT_RATE)) for s in engine.states[:-1]],
        "alignment": [round(cosine, 3) for cosine in engine.alignment()],
    }


def main() -> None:
    """Train every row with every seed and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="digits, two rows")
    options = parser.parse_args()
    base = {"hidden": (200,), "epochs": 4, "limit": 10_000, "learning_rate": 0.03}
    name = "digits" if options.quick else "mnist"
    rows = ["base", "traces 5 bits"] if options.quick else [*SETTINGS, *CHANGES]
    if options.quick:
        base = {"hidden": (20,), "epochs": 1, "limit": 100}
    data = load_dataset(name, options.data_dir)
    for row in rows:
        for seed in range(options.seeds):
            config = named_config(name, **{**base, **SETTINGS.get(row, {})}, seed=seed)
            found = train(config, data, CHANGES.get(row))
            print(json.dumps({"change": row, "seed": seed, **found}), flush=True)


if __name__ == "__main__":
    main()
