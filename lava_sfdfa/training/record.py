"""What is recorded of every epoch of a training."""

from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import SILENT_RATE
from lava_sfdfa.config import Config
from lava_sfdfa.engine.engine import Engine

Row = dict[str, Any]  # the figures of an epoch, by their names in the record


def learning_share(config: Config, epoch: int) -> float:
    """Share of the learning rate in an epoch: falls linearly to its end."""
    progress = epoch / max(1, config.epochs - 1)
    return 1.0 - (1.0 - config.learning_rate_end) * progress


def silent_neurons(engine: Engine) -> list[int]:
    """How many neurons of each hidden layer hardly ever spike."""
    return [int(np.sum(state.rate < SILENT_RATE)) for state in engine.states[:-1]]


def weights_at_limit(engine: Engine) -> list[float]:
    """Share of all weights of each layer that stand at a limit."""
    low, high = widths.WEIGHT.minimum, widths.WEIGHT.maximum
    return [
        float(np.mean((state.weights == low) | (state.weights == high)))
        for state in engine.states
    ]


def saturation(counts: list[dict[str, int]]) -> dict[str, list[float]]:
    """Shares of what was visited that stood at a limit: one for each layer.

    Of weights, those that an update visited, see `weights_at_limit` for all; of
    currents, the steps in which a u of the layer left its 24 bits.
    """
    shares = {
        "weights": ("weights_limit", "weight_updates"),
        "tags": ("tags_limit", "tags"),
        "traces": ("traces_limit", "impulses"),
        "factors": ("factors_limit", "neurons_tagged"),
        "feedback": ("feedback_limit", "feedback_updates"),
        "currents": ("currents_wrapped", "steps"),
    }
    return {
        name: [count[part] / max(1, count[whole]) for count in counts]
        for name, (part, whole) in shares.items()
    }


def shares_at_limit(row: Row) -> dict[str, float]:
    """The shares of a row of the record that stood at a limit, of the worst layer."""
    shares = {
        name.removeprefix("saturation_"): max(row[name])
        for name in row
        if name.startswith("saturation_")
    }
    visited, weights = shares.pop("weights"), max(row["weights_at_limit"])
    return {"weights": weights, "visited_weights": visited, **shares}


def added(total: dict[str, int], counts: dict[str, int]) -> dict[str, int]:
    """Two sets of counts as one."""
    return {name: total.get(name, 0) + count for name, count in counts.items()}
