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

import numpy as np

from lava_sfdfa.bench.engine import measure_engine
from lava_sfdfa.bench.workload import make_workload

SIZES: list[tuple[int, tuple[int, ...]]] = [
    (784, (100,)),
    (784, (400,)),
    (784, (800,)),
    (784, (1600,)),
    (392, (400,)),
]
SIZES += [(1568, (400,)), (784, (400, 200)), (784, (400, 400, 400))]
STEPS = [16, 32, 64, 128, 256]


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
        row = measure_engine(make_workload(*case, n)).to_json()
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
