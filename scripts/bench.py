"""How fast is the engine, and how does cost grow with the size and the steps?

Learning and classifying on random images with the pixel statistics of MNIST (22 %
of the pixels are not zero), one core. Each case trains first, so that firing is
that of a trained network, and then takes the best of several runs: the machine's
speed drifts, so compare ratios within one table.

    python scripts/bench.py [--json] [--quick]
"""

import argparse
import json
import re
import resource
import time

import numpy as np

from lava_sfdfa.data.encoding import encode_latency
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config

N_CLASSES, SEED = 10, 0
SIZES: list[tuple[int, tuple[int, ...]]] = [
    (784, (100,)),
    (784, (400,)),
    (784, (800,)),
    (784, (1600,)),
    (392, (400,)),
]
SIZES += [(1568, (400,)), (784, (400, 200)), (784, (400, 400, 400))]
STEPS = [16, 32, 64, 128, 256]


def make_images(n_samples: int, n_inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy class prototypes: uint8 (n, n_inputs), and labels int64 (n,)."""
    rng = np.random.RandomState(SEED)
    prototypes = rng.rand(N_CLASSES, n_inputs) < 0.19
    labels = rng.randint(N_CLASSES, size=n_samples)
    bright = np.where(rng.rand(n_samples, n_inputs) < 0.4, 255, 0)
    values = np.maximum(bright, rng.randint(1, 256, size=(n_samples, n_inputs)))
    noise = rng.rand(n_samples, n_inputs) < 0.05
    return (values * (prototypes[labels] ^ noise)).astype(np.uint8), labels


def measure(n_inputs: int, hidden: tuple[int, ...], steps: int, n: int) -> dict:
    """One row of the table: rates of learning and of classifying."""
    config = named_config("mnist", hidden=hidden, steps=steps)
    images, labels = make_images(n, n_inputs)
    events = encode_latency(images, config.window_steps)
    network = quantise(build_network(config, n_inputs, N_CLASSES), config)
    compile_engine(network, events)
    engine = Engine(network)
    order = np.arange(n)
    engine.learn(events, labels, order)
    engine.take_counts()
    learn = min(_time(engine.learn, events, labels, order) for _ in range(3))
    counts = engine.take_counts()
    classify = min(_time(engine.classify, events) for _ in range(3))
    fan_out = [*network.sizes[1:]]
    spikes_in = [len(events.index) / n]
    spikes_in += [count["spikes"] / (3 * n) for count in counts[:-1]]
    return {
        "network": "-".join(map(str, network.sizes)),
        "steps": steps,
        "learning_microseconds": round(learn / n * 1e6, 1),
        "learned_per_second": round(n / learn),
        "classified_per_second": round(n / classify),
        # a spike times the neurons it reaches, forward; updates of tags not counted
        "synaptic_operations_per_second": round(
            sum(a * b for a, b in zip(spikes_in, fan_out, strict=True)) * n / learn
        ),
        "weight_updates_per_second": round(
            sum(count["weight_updates"] for count in counts) / 3 / learn
        ),
        "input_spikes": round(spikes_in[0], 1),
        "hidden_spikes": [round(s, 1) for s in spikes_in[1:]],
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _time(function, *arguments) -> float:
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table, a row a case, as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON line a row")
    parser.add_argument("--quick", action="store_true", help="two small cases")
    options = parser.parse_args()
    cases = [(*size, 64) for size in SIZES]
    cases += [(784, (400,), steps) for steps in STEPS if steps != 64]
    n = 2000
    if options.quick:
        cases, n = [(64, (20,), 16), (64, (20,), 32)], 50
    if not options.json:
        print(
            f"{'network':22}{'steps':>6}{'us':>8}{'learned/s':>11}{'classified/s':>14}"
            f"{'M syn. op/s':>13}{'M updates/s':>13}{'spikes in, hidden':>28}{'MB':>6}"
        )
    rows = []
    for case in cases:
        row = measure(*case, n)
        rows.append(row)
        if options.json:
            print(json.dumps(row))
            continue
        spikes = ", ".join(map(str, [row["input_spikes"], *row["hidden_spikes"]]))
        print(
            f"{row['network']:22}{row['steps']:6}{row['learning_microseconds']:8.1f}"
            f"{row['learned_per_second']:11,}"
            f"{row['classified_per_second']:14,}"
            f"{row['synaptic_operations_per_second'] / 1e6:13.0f}"
            f"{row['weight_updates_per_second'] / 1e6:13.0f}{spikes:>28}"
            f"{row['peak_memory_mb']:6}",
            flush=True,
        )
    if not options.json and not options.quick:
        print_growth(rows)


def print_growth(rows: list[dict]) -> None:
    """How the time of a sample grows: the slope on a double logarithmic scale."""
    for title, pattern in (
        ("hidden neurons (784-N-10, 64 steps)", r"^784-(\d+)-10$"),
        ("inputs (N-400-10, 64 steps)", r"^(\d+)-400-10$"),
    ):
        found = [
            (int(match[1]), row["learning_microseconds"])
            for row in rows
            if (match := re.match(pattern, row["network"])) and row["steps"] == 64
        ]
        print_slope(title, found)
    found = [
        (row["steps"], row["learning_microseconds"])
        for row in rows
        if row["network"] == "784-400-10"
    ]
    print_slope("steps (784-400-10)", found)


def print_slope(title: str, found: list[tuple[int, float]]) -> None:
    """One line: where the sizes begin and end, and the exponent between."""
    sizes, times = np.array(sorted(found)).T
    slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    print(
        f"{title}: {sizes[0]:.0f} to {sizes[-1]:.0f} takes {times[0]:.0f} to "
        f"{times[-1]:.0f} us, as the power {slope:.2f}"
    )


if __name__ == "__main__":
    main()
