"""Where does the time go: in a sample by phase, and from the start of a process to
the first sample learned?

Draws both. A sample is one of the benchmark's, on one core; the dark part of a phase
is what its least work would take, see `lava-sfdfa bench --what limit`. The start is
that of a training of MNIST in a new process, with compiled code on disk.

    taskset -c 0 python scripts/profile_engine.py --data-dir DIR [--out FILE.png]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from matplotlib.figure import Figure

from lava_sfdfa.bench.bench import processor
from lava_sfdfa.bench.limit import measure_limit
from lava_sfdfa.bench.workload import make_workload

NETWORKS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (784, (100,)),
    (784, (400,)),
    (784, (1600,)),
    (784, (400, 400)),
)
N_SAMPLES, STEPS = 2000, 64
# Run in a process of its own; prints the seconds of each part as JSON.
START = """
import time
begin = time.perf_counter()
import json, sys
from pathlib import Path
found = {}
def lap(name):
    global begin
    now = time.perf_counter()
    found[name], begin = now - begin, now
from lava_sfdfa import api
lap("import")
from lava_sfdfa.data.datasets import load_dataset
data = load_dataset(sys.argv[1], Path(sys.argv[2]) if sys.argv[2] else None)
lap("read")
data.digest
lap("digest")
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.presets import named_config
config = named_config(sys.argv[1])
part = encode(data.train, config)
lap("encode")
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.training.run import new_artifact
engine = Engine(new_artifact(config, data).network)
lap("make the network")
compile_engine(engine.start_network, part.events)
lap("load the kernels")
print(json.dumps(found))
"""


def main() -> None:
    """Measure, print the figures as JSON, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir", default="")
    parser.add_argument("--out", type=Path, default=Path("profile.png"))
    parser.add_argument("--quick", action="store_true", help="one small network")
    options = parser.parse_args()
    networks, n, steps = NETWORKS, N_SAMPLES, STEPS
    if options.quick:
        networks, n, steps = ((64, (20,)),), 40, 16
    samples = {}
    for n_inputs, hidden in networks:
        load = make_workload(n_inputs, hidden, steps, n)
        phases = measure_limit(load).to_json()["phases"]
        samples["-".join(map(str, load.network.sizes))] = phases
    start = measure_start(options.dataset, options.data_dir)
    name = processor()
    print(json.dumps({"processor": name, "phases": samples, "start_seconds": start}))
    draw(options.out, name, samples, {options.dataset: start})


def measure_start(dataset: str, data_dir: str) -> dict[str, float]:
    """Seconds of each part of the start, in a second process."""
    command = [sys.executable, "-c", START, dataset, data_dir]
    for _ in range(2):  # the first may compile
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def draw(path: Path, name: str, samples: dict, starts: dict) -> None:
    """Write a PNG: a bar a network, and a bar of the start."""
    figure = Figure(figsize=(9, 5), dpi=120, layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[len(samples) + 1, 2])
    for row, phases in enumerate(samples.values()):
        left = 0.0
        for number, phase in enumerate(phases):
            label = phase["phase"] if row == 0 else None
            took, least = phase["microseconds"], phase["limit_microseconds"]
            color = f"C{number}"
            above.barh(row, took, left=left, color=color, alpha=0.45, label=label)
            above.barh(row, min(took, least), left=left, color=color)
            left += took
        above.text(left, row, f" {left:.0f} us", va="center")
    above.set_yticks(range(len(samples)), list(samples))
    above.set_xlabel("microseconds a sample; dark: what the least work would take")
    for parts in starts.values():
        left = 0.0
        for number, (part, seconds) in enumerate(parts.items()):
            label = f"{part}, {seconds:.2f} s"
            below.barh(0, seconds, left=left, color=f"C{number + 3}", label=label)
            left += seconds
        below.text(left, 0, f" {left:.1f} s", va="center")
    below.set_yticks([0], list(starts))
    below.set_xlabel("seconds from the start of a process to the first sample")
    for axes in (above, below):
        axes.margins(x=0.12)
        axes.invert_yaxis()
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.suptitle(f"Where the time goes: {name}, one core, simulated")
    figure.savefig(path)


if __name__ == "__main__":
    main()
