"""A user's own Lava Process, connected to our learning layers.

`moving_bar.MovingBar` is a row of sensors that we know nothing about but its two ports.
Its spikes go to a hidden and an output layer, which learn, on Lava, to tell the two
directions apart, one sample at a time. A Process needs a folder of its own, since Lava
executes all files beside it.

    python scripts/own_process.py [--samples N] [--json]
"""

import argparse
import json

import numpy as np
from moving_bar.process import MovingBar, direction

from lava_sfdfa.config import Config
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.processes.network import LavaNetwork

N_SENSORS, SEED = 24, 1
CONFIG = Config(
    hidden=(30,), steps=48, weight_init=3.0, weight_limit=6.0, learning_rate=0.1,
    threshold_hidden=0.4, threshold_output=1.0, target_true=8, target_false=1,
)  # fmt: skip


def learn(n_samples: int) -> dict:
    """Show samples; returns which were told right before they were learned."""
    network = quantise(build_network(CONFIG, N_SENSORS, 2), CONFIG)
    schedule = network.schedule
    bar = MovingBar(
        n_sensors=N_SENSORS,
        steps=schedule.steps,
        period=schedule.period,
        label_step=schedule.error,
        seed=SEED,
    )
    right, n_spikes = [], np.zeros(2, int)
    with LavaNetwork(network, bar) as lava:
        for sample in range(n_samples):
            lava.run(schedule.period)
            hidden, outputs = (state["n_spikes"][0] for state in lava.state)
            n_spikes += [hidden.sum(), outputs.sum()]
            right.append(int(np.argmax(outputs)) == direction(SEED, sample))
        weights = [state["weights"][-1].copy() for state in lava.state]
    changed = [
        int(np.count_nonzero(after != layer.weights))
        for after, layer in zip(weights, network.layers, strict=True)
    ]
    half = n_samples // 2
    return {
        "samples": n_samples,
        "right_first_half": round(float(np.mean(right[:half])), 3),
        "right_second_half": round(float(np.mean(right[half:])), 3),
        "spikes": n_spikes.tolist(),
        "weights_changed": changed,
    }


def main() -> None:
    """Learn and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=120)
    parser.add_argument("--json", action="store_true", help="one JSON line")
    options = parser.parse_args()
    result = learn(options.samples)
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"{result['right_first_half']:.0%} right in the first half of "
        f"{result['samples']} samples, {result['right_second_half']:.0%} in the "
        f"second; weights changed {result['weights_changed']} (simulated, fixed point)"
    )


if __name__ == "__main__":
    main()
