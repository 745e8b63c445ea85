"""Our NIR graph in other frameworks: how often they predict the class that we do.

    make setup-extras
    .venv-extras/bin/python scripts/nir_peers.py runs/mnist --data-dir DATA

Each framework reads the graph and is shown the same spikes; a line of JSON for each.
They have no delay of a step a layer, so they are shown as many steps fewer as there are
layers. Their neurons are ours without the rounding of each decay to an integer, and
with its weights as floats: that is what is left where they differ.
"""

import contextlib
import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import nir
import numpy as np
import torch

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.exchange.nir import write_nir
from lava_sfdfa.deploy.exchange.nir_step import STEP_S
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import load_artifact


def in_snntorch(graph, spikes):
    """Output spikes and v at the end, (n, n_out) each; state is in the modules."""
    import snntorch
    from snntorch.import_nir import import_from_nir

    network, counts = import_from_nir(graph), 0
    for now in spikes:
        out = network(now)
        counts = counts + (out[0] if isinstance(out, tuple) else out)
    last = [m for m in network.modules() if isinstance(m, snntorch.Synaptic)][-1]
    return counts, last.mem


def in_norse(graph, spikes):
    """Output spikes and v at the end, (n, n_out) each; state is passed along."""
    from norse.torch.utils.import_nir import from_nir

    network, counts = from_nir(graph, dt=STEP_S), 0
    state: Any = None
    for now in spikes:
        out, state = network(now, state)
        counts = counts + out
    last = [name for name in state.state if name.startswith("lif")][-1]
    return counts, state.state[last][0][1].v


TOOLS = {"snntorch": in_snntorch, "norse": in_norse}


def read_by(tool: str, path: Path, spikes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes (n,) and output spikes (n, n_out) of a framework.

    spikes: (n, steps, n_inputs). Of outputs with equally many spikes the one with the
    highest v is the class, as in the engine.
    """
    torch.set_num_threads(1)
    with torch.no_grad(), contextlib.redirect_stdout(sys.stderr):  # snnTorch prints
        shown = torch.from_numpy(spikes).float().transpose(0, 1)
        counts, v = (x.numpy() for x in TOOLS[tool](nir.read(path), shown))
    return np.argmax(counts + v / (3 * np.abs(v).max()), axis=1), counts


def as_matrix(events: Events, steps: int) -> np.ndarray:
    """Spikes as (n, steps, n_inputs) uint8; those of later steps are left out."""
    rows = [events.dense(sample, steps) for sample in range(len(events))]
    return np.array(rows, np.uint8)


def engine_counts(engine: Engine, events: Events) -> np.ndarray:
    """Output spikes (n, n_out) of the compiled engine."""
    n_out = engine.start_network.sizes[-1]
    rasters = [engine.raster(events, sample)[-1][1] for sample in range(len(events))]
    return np.array([np.bincount(neurons, minlength=n_out) for neurons in rasters])


@click.command(help=__doc__)
@click.argument("artifact", type=click.Path(path_type=Path))
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--samples", default=1000)
def main(artifact: Path, data_dir: Path | None, samples: int) -> None:
    """Export, run, compare."""
    found = load_artifact(artifact)
    data = load_dataset(found.config.dataset, data_dir)
    part, engine = encode(data.test.first(samples), found.config), Engine(found.network)
    classes, _ = engine.classify(part.events)
    counts = engine_counts(engine, part.events)
    shown = found.network.steps - len(found.network.layers)
    for tool in TOOLS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph.nir"
            write_nir(path, found)
            other, theirs = read_by(tool, path, as_matrix(part.events, shown))
        result = {
            "tool": f"{tool} {importlib.metadata.version(tool)}",
            "dataset": data.name,
            "layers": list(found.network.sizes),
            "samples": len(part),
            "same_class": float(np.mean(other == classes)),
            "same_spike_counts": float(np.mean((theirs == counts).all(axis=1))),
            "output_spikes": [int(counts.sum()), int(theirs.sum())],
            "accuracy": [float(np.mean(x == part.labels)) for x in (classes, other)],
            "digest": found.digest,
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
