"""A small convolutional network trained in snnTorch, to be frozen below a chip's rule.

Two convolutions of leaky neurons see the spikes of this package's own encoder; a plain
network reads how often they spike, and is left behind. Surrogate gradients, Adam,
batches of 100, images shifted by up to a pixel. Without biases nobody spikes without
input, and the step that each layer delays here changes nothing. The validation part
says how good it is.

    python scripts/conv_front.py --dataset mnist --data-dir DIR --out front.nir
        [--epochs N] [--classes 0,1,2] [--limit N] [--seed S]
    python scripts/frozen_head.py --front front.nir --freeze 2 --steps 32 --data-dir DIR

Needs the environment of `make setup-extras`. Prints one JSON line an epoch.
"""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import snntorch
import torch
from fronts import moved
from torch.nn.functional import cross_entropy

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Images
from lava_sfdfa.presets import named_config

STEPS = 32  # of a presentation; the input takes half of them
SEEN = 18  # of these, while the network is trained
CHANNELS, BETA, BATCH, RATE = (16, 48), 0.9, 100, 4e-3
READOUT = 256  # neurons without spikes between counts and classes
SPIKES_COST = 0.02  # of a spike a neuron, in the loss
STEP_S = 1e-4  # of a step in the file; only shares of it matter


class Front(torch.nn.Module):
    """Two convolutions of leaky neurons, which reset to zero, and a readout."""

    def __init__(self, shape: tuple[int, int], n_classes: int):
        super().__init__()
        one, two = CHANNELS
        rows, columns = (-(-n // 4) for n in shape)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv2d(n, m, 5, 2, 2, bias=False)
            for n, m in ((1, one), (one, two))
        )
        for convolution in self.convolutions:  # so that neurons spike at first
            torch.nn.init.kaiming_normal_(convolution.weight)
        self.neurons = torch.nn.ModuleList(
            snntorch.Leaky(beta=BETA, reset_mechanism="zero") for _ in CHANNELS
        )
        self.readout = torch.nn.Sequential(
            torch.nn.Linear(two * rows * columns, READOUT),
            torch.nn.ReLU(),
            torch.nn.Dropout(),
            torch.nn.Linear(READOUT, n_classes),
        )

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and spikes a neuron. x: (steps, n, 1, rows, columns)."""
        counts, total = self.counts(x)
        return self.readout(counts.flatten(1)), total

    def counts(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Spikes of each neuron of the last layer, (n, channels, rows, columns), and
        spikes a neuron."""
        total = torch.zeros(())
        for convolution, neurons in zip(self.convolutions, self.neurons, strict=True):
            # A layer needs nothing of the next, so it takes all steps at once.
            sent, state, spikes = convolution(x.flatten(0, 1)), neurons.init_leaky(), []
            for current in sent.unflatten(0, x.shape[:2]):
                spike, state = neurons(current, state)
                spikes.append(spike)
            x = torch.stack(spikes)
            total = total + x.sum(0).mean()
        return x.sum(0), total


def trains(images: Any, config: Any, shape: tuple[int, int]) -> torch.Tensor:
    """Spikes of images: (steps, n, 1, rows, columns)."""
    part = encode(Images(images, np.zeros(len(images), np.int64)), config)
    dense = np.stack([part.events.dense(n, SEEN) for n in range(len(part))], axis=1)
    return torch.from_numpy(dense.reshape(SEEN, -1, 1, *shape)).float()


def write(front: Front, path: Path, shape: tuple[int, int]) -> None:
    """The convolutions and their neurons as a NIR graph."""
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array([1, *shape])})}
    size = shape
    for k, convolution in enumerate(front.convolutions):
        weight = convolution.weight.detach().numpy()
        zeros = np.zeros(len(weight), np.float32)
        nodes[f"conv{k}"] = nir.Conv2d(
            size, weight, convolution.stride, convolution.padding, (1, 1), 1, zeros
        )
        size = ((size[0] - 1) // 2 + 1, (size[1] - 1) // 2 + 1)
        ones = np.ones((len(weight), *size))
        tau = STEP_S / (1 - BETA)
        nodes[f"lif{k}"] = nir.LIF(
            tau=tau * ones, r=ones / (1 - BETA), v_leak=0 * ones, v_threshold=ones
        )
    n_out = CHANNELS[-1]
    nodes["output"] = nir.Output({"output": np.array([n_out, *size])})
    names = list(nodes)
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(names))))


def main() -> None:
    """Train, and write the file after every epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--classes", help="that it sees, such as 0,1,2; by default all")
    parser.add_argument("--limit", type=int, help="training samples")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    config = named_config(options.dataset, steps=STEPS)
    data: Any = load_dataset(options.dataset, options.data_dir)
    seen = list(range(data.n_classes))
    if options.classes:
        seen = [int(c) for c in options.classes.split(",")]
    train, held = (
        part.take(np.flatnonzero(np.isin(part.labels, seen)))
        for part in (data.train.first(options.limit), data.validation)
    )
    front = Front(data.shape, data.n_classes)
    optimiser = torch.optim.Adam(front.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, options.epochs * -(-len(train) // BATCH)
    )
    for epoch in range(options.epochs):
        begin = time.perf_counter()
        front.train()
        for chosen in np.array_split(
            rng.permutation(len(train)), -(-len(train) // BATCH)
        ):
            moves = rng.integers(-1, 2, (len(chosen), 2))
            images = moved(train.images[chosen], data.shape, moves)
            logits, spikes = front(trains(images, config, data.shape))
            labels = torch.from_numpy(train.labels[chosen])
            loss = cross_entropy(logits, labels) + SPIKES_COST * spikes
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        right, n_spikes = [], []
        front.eval()
        with torch.no_grad():
            for chosen in np.array_split(np.arange(len(held)), -(-len(held) // 500)):
                logits, spikes = front(trains(held.images[chosen], config, data.shape))
                right += (logits.argmax(1).numpy() == held.labels[chosen]).tolist()
                n_spikes.append(float(spikes))
        write(front, options.out, data.shape)
        row = {
            "epoch": epoch + 1,
            "val_accuracy": round(float(np.mean(right)), 4),
            "spikes_per_neuron": round(float(np.mean(n_spikes)), 3),
            "seconds": round(time.perf_counter() - begin, 1),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
