"""How long until 97 % on MNIST: the chip's rule here, and BPTT in snnTorch?

Both in one run: this package as `train` in a new process, on one core; snnTorch with
the surrogate gradient through 25 steps, Adam and batches of 128, on two threads, with
784-400-10 as well. snnTorch learns all 60,000 samples; the time counts reading,
and not the import of torch. It reads the test part after every epoch and stops at the
goal, which favours it; this package reads it once.

    python scripts/bptt_peer.py --data-dir DIR [--repeats 3] [--limit N]

Needs the environment of `make setup-extras`. Prints one JSON line a run.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import snntorch
import torch

from lava_sfdfa.data.datasets import load_dataset

GOAL, STEPS, HIDDEN, BATCH, RATE, BETA = 0.97, 25, 400, 128, 1e-3, 0.95
THREADS = 2


def main() -> None:
    """Run both, several times in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--epochs", default="3", help="of the chip's rule")
    parser.add_argument("--most-epochs", type=int, default=20, help="of snnTorch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, help="training samples")
    options = parser.parse_args()
    for repeat in range(options.repeats):
        print(json.dumps({"tool": "lava-sfdfa", **run_ours(options, repeat)}))
        print(json.dumps({"tool": "snntorch", **run_snntorch(options, repeat)}))


def run_ours(options: argparse.Namespace, seed: int) -> dict:
    """`train`, from the start of the process to its end, on one core."""
    command = [
        sys.executable,
        "-m",
        "lava_sfdfa",
        "train",
        "--json",
        "--seed",
        str(seed),
    ]
    command += ["--dataset", options.dataset, "--hidden", str(HIDDEN)]
    command += ["--epochs", options.epochs, "--out", f"runs/bptt-peer-seed{seed}"]
    if options.data_dir:
        command += ["--data-dir", str(options.data_dir)]
    if options.limit:
        command += ["--limit", str(options.limit)]
    begin, cores = time.perf_counter(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # the child inherits it
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    finally:
        os.sched_setaffinity(0, cores)
    seconds, found = time.perf_counter() - begin, json.loads(done.stdout)
    accuracy, epochs = found["test_accuracy"], found["epochs"]
    return {"seconds": round(seconds, 1), "epochs": epochs, "test_accuracy": accuracy}


def run_snntorch(options: argparse.Namespace, seed: int) -> dict:
    """Epochs until the goal; reading is counted."""
    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    begin = time.perf_counter()
    data: Any = load_dataset(options.dataset, options.data_dir)
    images = np.concatenate([data.train.images, data.validation.images])[
        : options.limit
    ]
    labels = np.concatenate([data.train.labels, data.validation.labels])
    x = torch.from_numpy(images).float() / images.max()
    y = torch.from_numpy(labels[: options.limit])
    network = Network(images.shape[1], data.n_classes)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    test_x = torch.from_numpy(data.test.images).float() / images.max()
    test_y, accuracy, epoch = torch.from_numpy(data.test.labels), 0.0, 0
    while accuracy < GOAL and epoch < options.most_epochs:
        for chosen in torch.randperm(len(x)).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(x[chosen]), y[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            found = torch.cat([network(part).argmax(1) for part in test_x.split(1000)])
        accuracy, epoch = float((found == test_y).float().mean()), epoch + 1
    seconds = round(time.perf_counter() - begin, 1)
    return {"seconds": seconds, "epochs": epoch, "test_accuracy": round(accuracy, 4)}


class Network(torch.nn.Module):
    """Two layers of leaky neurons that see the same image in every step."""

    def __init__(self, n_inputs: int, n_classes: int):
        super().__init__()
        self.first = torch.nn.Linear(n_inputs, HIDDEN)
        self.second = torch.nn.Linear(HIDDEN, n_classes)
        self.hidden, self.outputs = (snntorch.Leaky(beta=BETA) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spikes of each output over all steps."""
        one, two = self.hidden.init_leaky(), self.outputs.init_leaky()
        counts, current = torch.zeros(()), self.first(x)
        for _ in range(STEPS):
            spikes, one = self.hidden(current, one)
            spikes, two = self.outputs(self.second(spikes), two)
            counts = counts + spikes
        return counts


if __name__ == "__main__":
    main()
