"""Inference on a Loihi 2 board: stock processes, and software of Intel's members.

    source -> PyToNxAdapter -> Dense -> LIFReset -> ... -> NxToPyAdapter -> sink

This is the only module that imports that software (the package lava-loihi, which is not
public). Nothing here has run on silicon: up to where the chip takes over it was run
with a stand-in (sim_tests/board_stand_in), and `scripts/board/` says how to try it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.console import Progressed
from lava_sfdfa.data.encoding import Part
from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.plan.plan import PlanContent, planned_network
from lava_sfdfa.deploy.run.board_learning import refuse_learning
from lava_sfdfa.deploy.run.stock import board_config, stock_neurons
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import BackendError
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.types import Array

DELAY_MOST = 8  # steps that adapters may add between host and chip; not published
CHUNK = 100  # samples that one graph holds


@dataclass(frozen=True)
class Readback:
    """Output spikes of a board, and how they compare with the simulator."""

    spikes: Array  # (n, steps, n_out) bool, without the delay
    delay: int  # steps that the board adds to the simulator's
    mismatches: int  # bits that differ at this delay
    output_spikes: int  # of the simulator


# --- is there a board -----------------------------------------------------------------


def board_software() -> str | None:
    """Why this Python cannot reach a board, or None where it can."""
    try:
        from lava.utils import loihi
    except ImportError:
        return "lava-nc 0.10.0 is not installed (it runs on Python 3.10 only)"
    try:
        from lava.proc.embedded_io.spike import PyToNxAdapter  # noqa: F401
    except ImportError:
        return "lava-loihi, which Intel gives to members of its community, is not here"
    return None if loihi.is_installed() else "lava-loihi is here, but incomplete"


def require_board() -> None:
    """Errors: BackendError, with what is missing and what to do."""
    missing = board_software()
    if missing:
        raise BackendError(f"no board can be reached: {missing}; use --target sim")


def refuse_front(network: FixedNetwork) -> None:
    """Errors: BackendError for frozen layers and biases, which have no board path."""
    if network.front:
        raise BackendError(
            f"the network has {len(network.front)} frozen layers, for which there is "
            "no graph of stock processes yet; run the plan with --target sim, or "
            "compile a network without a front for the board"
        )
    if any(layer.bias is not None for layer in network.layers):
        raise BackendError(
            "the network has biases: neurons of a board are reset one layer after the "
            "other, so that a bias would act for other steps than here; run the plan "
            "with --target sim, or compile a network without biases for the board"
        )


def select_node() -> str:
    """Choose the node by Lava's own variables, and say which.

    NXSDKHOST: address of a board on the network; else Slurm, with PARTITION or BOARD
    (a node) where they are set. LOIHI_GEN: the chip, N3B3 by default.
    Errors: BackendError where the node cannot be used.
    """
    from lava.utils import loihi

    host = os.environ.get("NXSDKHOST")
    generation = os.environ.get("LOIHI_GEN", "N3B3")
    try:
        chip = loihi.ChipGeneration(generation)
        if host:
            loihi.use_ethernet_host(host, loihi_gen=chip)
            return f"{host} ({generation})"
        return f"{_select_by_slurm(chip)} by Slurm ({generation})"
    except (ValueError, ImportError, OSError) as error:
        raise BackendError(
            f"the board cannot be used: {error}; set NXSDKHOST, or PARTITION or BOARD, "
            "and LOIHI_GEN"
        ) from None


def _select_by_slurm(chip: Any) -> str:
    """Lava 0.10.0 fails on a name of a partition or node (the empty last line of
    `sinfo` ends in IndexError; utils/slurm.py:121), so the names are checked here."""
    from lava.utils import loihi, slurm

    if not shutil.which("sinfo"):
        raise ValueError("NXSDKHOST is not set, and there is no Slurm (sinfo)")
    names = {x: os.environ[x] for x in ("PARTITION", "BOARD") if x in os.environ}
    known = " ".join(slurm.try_run_command(["sinfo", "-N"])).replace("*", "").split()
    for variable, name in names.items():
        if name not in known:
            raise ValueError(f"{variable} is {name!r}, which sinfo does not list")
    loihi.use_slurm_host(loihi_gen=chip)  # forgets both names
    os.environ.update(names)
    return " ".join(names.values()) or "any node"


# --- the graph ------------------------------------------------------------------------


def board_period(network: FixedNetwork) -> int:
    """Steps from sample to sample: the chip resets neurons every power of two, and
    what a sample leaves in synapses and adapters has to be gone by then."""
    needed = network.steps + len(network.layers) + DELAY_MOST
    return 1 << (needed - 1).bit_length()


@contextmanager
def inference_graph(network: FixedNetwork, spikes: Array) -> Iterator[tuple[Any, Any]]:
    """The stock processes, connected: source and sink, stopped at the end.

    spikes: bool (n_inputs, n_steps), of all samples one after the other.
    """
    from lava.proc.embedded_io.spike import NxToPyAdapter, PyToNxAdapter
    from lava.proc.io import sink, source

    from lava_sfdfa.processes.front import stock_dense

    n_in, n_out, period = network.sizes[0], network.sizes[-1], board_period(network)
    first = source.RingBuffer(data=spikes.astype(np.int32))
    to_chip, from_chip = PyToNxAdapter(shape=(n_in,)), NxToPyAdapter(shape=(n_out,))
    last = sink.RingBuffer(shape=(n_out,), buffer=spikes.shape[1])
    first.s_out.connect(to_chip.inp)
    below = to_chip.out
    for number, layer in enumerate(network.layers):
        dense = stock_dense(layer.weights)
        neurons = stock_neurons(layer, period, number)
        below.connect(dense.s_in)
        dense.a_out.connect(neurons.a_in)
        below = neurons.s_out
    below.connect(from_chip.inp)
    from_chip.out.connect(last.a_in)
    try:
        yield first, last
    finally:
        first.stop()


# --- a run ----------------------------------------------------------------------------


def run_board(
    content: PlanContent, part: Part, progress: Progressed
) -> tuple[Array, dict[str, Any]]:
    """Run a plan on a board.

    Returns the classes, int64 (n,), and what was compared. Errors: BackendError where
    there is no board, and for a plan that learns, with what a board still needs.
    """
    network = planned_network(content)
    refuse_front(network)
    require_board()
    if content.mode == "learning":
        refuse_learning(network, part)
    return classify_on_board(network, part, progress)


def classify_on_board(
    network: FixedNetwork, part: Part, progress: Progressed
) -> tuple[Array, dict[str, Any]]:
    """Classes, int64 (n,), by the most output spikes (of equal ones the first), and
    how the board's spikes compare with the simulator's. Errors: BackendError."""
    refuse_front(network)
    require_board()
    node = select_node()
    raw = read_spikes(network, part.events, progress)
    readback = match_spikes(network, part.events, raw)
    return np.argmax(readback.spikes.sum(axis=1), axis=1), {
        "node": node,
        "mismatches": readback.mismatches,
        "output_spikes": readback.output_spikes,
        "delay_steps": readback.delay,
    }


def read_spikes(network: FixedNetwork, events: Events, progress: Progressed) -> Array:
    """Output spikes of whole periods as they come: bool (n, period, n_out)."""
    from lava.magma.core.run_conditions import RunSteps

    period, n = board_period(network), len(events)
    out = np.zeros((n, period, network.sizes[-1]), bool)
    for begin in range(0, n, CHUNK):
        samples = range(begin, min(begin + CHUNK, n))
        spikes = np.concatenate([events.dense(i, period) for i in samples]).T
        with inference_graph(network, spikes) as (first, last):
            for sample in samples:
                first.run(RunSteps(num_steps=period), run_cfg=board_config())
                progress(sample + 1, n)
            sent = last.data.get().astype(bool)
        out[begin : samples.stop] = sent.T.reshape(len(samples), period, -1)
    return out


def match_spikes(network: FixedNetwork, events: Events, raw: Array) -> Readback:
    """Spikes of a board against the engine, at the delay at which they fit best.

    In the first steps an upper layer still shows the sample before; there the engine is
    silent, since a spike takes a step a layer, and they are not compared.
    """
    engine, steps = Engine(network), network.steps
    wanted = np.zeros((len(events), steps, network.sizes[-1]), bool)
    for sample in range(len(events)):
        step, neuron = engine.raster(events, sample)[-1]
        wanted[sample, step, neuron] = True
    skip = network.n_hidden
    at = [
        int((raw[:, delay + skip : delay + steps] != wanted[:, skip:]).sum())
        for delay in range(DELAY_MOST + 1)
    ]
    delay = int(np.argmin(at))
    spikes = raw[:, delay : delay + steps].copy()
    spikes[:, :skip] = False
    return Readback(spikes, delay, at[delay], int(wanted.sum()))
