"""What learning on a board still needs.

The graph is that of `processes/graph.py` with stock `LearningDense` for the synapses,
whose rules are the text that a plan holds. There are models of stock synapses for the
chip, but nobody has any of our neurons: these are named.
"""

from typing import Any, NoReturn

import numpy as np

from lava_sfdfa.data.encoding import Part
from lava_sfdfa.deploy.run.stock import board_config
from lava_sfdfa.errors import BackendError
from lava_sfdfa.network.fixed import FixedNetwork


def refuse_learning(network: FixedNetwork, part: Part) -> NoReturn:
    """Say what a board needs before it can learn. Errors: BackendError, always."""
    needs = missing_models(learning_processes(network, part))
    raise BackendError(
        "learning on a board still needs neuro-core models of "
        + ", ".join(needs)
        + "; run with --target sim, or compile with --mode inference"
    )


def learning_processes(network: FixedNetwork, part: Part) -> list[Any]:
    """The learning graph with stock synapses: all its processes, never run."""
    from lava_sfdfa.processes.graph import ProcessGraph, make_feedback_rule, make_rule
    from lava_sfdfa.processes.network import make_input

    class StockGraph(ProcessGraph):
        """`ProcessGraph` with the synapses that a chip has."""

        def _plastic(self, number: int) -> Any:
            layer, seed = self.network.layers[number], self.network.seed + number
            return stock_synapses(layer.weights, make_rule(layer, seed))

        def _feedback(self, number: int) -> Any:
            layer, seed = self.network.layers[number], self.network.seed + number
            return stock_synapses(layer.feedback, make_feedback_rule(seed), graded=True)

    source = make_input(network, part.events, part.labels)
    rates = tuple(np.zeros(layer.n_post, np.int32) for layer in network.layers[:-1])
    graph = StockGraph(network, source, rates, n_learned=0, share=1.0)
    return [source, *graph.plastic, *graph.feedback, *graph.neurons]


def stock_synapses(weights: Any, rule: Any, graded: bool = False) -> Any:
    """A `LearningDense` with a rendered rule; graded: x1 is what arrives."""
    from lava.magma.core.learning.constants import GradedSpikeCfg
    from lava.proc.dense.process import LearningDense

    more = {"graded_spike_cfg": GradedSpikeCfg.OVERWRITE} if graded else {}
    return LearningDense(
        weights=weights.astype("int32"),
        learning_rule=rule,
        num_message_bits=8 if graded else 24,
        **more,
    )


def missing_models(processes: list[Any]) -> list[str]:
    """Of neurons and synapses those that `Loihi2HwCfg` would run on the host, because
    no model for the chip is installed: class and size, each once."""
    config = board_config()
    missing = [
        f"{type(process).__name__} ({process.proc_params.get('shape', ('',))[0]})"
        for process in processes
        if _belongs_on_chip(process)
        and not _is_for_chip(config.select(process, _models(process)))
    ]
    return list(dict.fromkeys(missing))


def _is_for_chip(model: Any) -> bool:
    from lava.magma.core.model.nc.model import AbstractNcProcessModel

    return issubclass(model, AbstractNcProcessModel)


def _belongs_on_chip(process: Any) -> bool:
    from lava.magma.core.process.connection import LearningConnectionProcess
    from lava.magma.core.process.neuron import LearningNeuronProcess
    from lava.proc.dense.process import Dense
    from lava.proc.lif.process import LIF

    kinds = (LearningConnectionProcess, LearningNeuronProcess, Dense, LIF)
    return isinstance(process, kinds)


def _models(process: Any) -> list[Any]:
    from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs

    return ProcGroupDiGraphs._find_proc_models(process)
