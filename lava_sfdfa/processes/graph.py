"""The graph of a network: which Process is connected to which, for any depth.

SpikeInput -> PlasticDense -> HiddenNeuron -> ... -> PlasticDense -> OutputNeuron
                                   ^                                      |
                                   +------- PlasticDense (feedback) <-----+

Layers that never learn stand between the input and the first `PlasticDense`, each a
stock `Conv` or `Dense` and a `FrozenNeuron`, see `front.py`.
"""

from typing import Any

import numpy as np
from lava.magma.core.learning.constants import GradedSpikeCfg
from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
from lava.magma.core.process.variable import Var

from lava_sfdfa.chip import random
from lava_sfdfa.chip.protocol import JUMP_REST
from lava_sfdfa.engine.state import make_parameters
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.rule import FEEDBACK_RULE
from lava_sfdfa.processes.front import connect_frozen, make_frozen
from lava_sfdfa.processes.hidden_neuron.process import HiddenNeuron
from lava_sfdfa.processes.output_neuron.process import OutputNeuron
from lava_sfdfa.processes.path_copy.process import PathCopy
from lava_sfdfa.processes.plastic_dense.process import PlasticDense

NO_DECAY = 2.0**60  # steps; exp(-1 / this) is 1 exactly
MESSAGE_BITS = 24  # payloads of hidden neurons; outputs send 8 bits


class ProcessGraph:
    """The Processes of a network behind `source`, which shows samples and labels.

    rates, n_learned: of an artifact, to go on; share: of the learning rate. `plastic`
    and `neurons` have an entry a layer that learns, `feedback` one a hidden layer,
    `front` one a frozen layer.
    """

    def __init__(
        self,
        network: FixedNetwork,
        source: Any,
        rates: tuple[np.ndarray, ...],
        n_learned: int,
        share: float,
    ):
        self.network, self.schedule = network, network.schedule
        self.source, self.n_learned, self.share = source, n_learned, share
        self.front = [make_frozen(layer, self.schedule) for layer in network.front]
        hidden = range(network.n_hidden)
        self.plastic = [self._plastic(i) for i in range(len(network.layers))]
        self.feedback = [self._feedback(i) for i in hidden]
        self.neurons: list[Any] = [self._hidden(i, rates[i]) for i in hidden]
        self.neurons.append(self._outputs())
        self._connect()
        if network.feedback_kind == "symmetric":
            self._copy_paths()

    def variables(self, number: int) -> dict[str, Var]:
        """What can be read of a layer, by the names of `StateReader`'s ports."""
        plastic, neuron = self.plastic[number], self.neurons[number]
        variables = {
            name: getattr(neuron, name)
            for name in ("u", "v", "spikes", "n_spikes", "tagged", "factor")
        }
        variables |= {"neurons_cut": neuron.n_cut, "synapses_cut": plastic.n_cut}
        variables |= {"weights": plastic.weights, "tag_1": plastic.tag_1}
        if self.network.layers[number].rule.jump:
            variables["tag_2"] = plastic.tag_2
        if number < self.network.n_hidden:
            variables |= {
                "rate": neuron.rate,
                "feedback": self.feedback[number].weights,
            }
        else:
            variables["error"] = neuron.error
        return variables

    def _plastic(self, number: int):
        layer = self.network.layers[number]
        return PlasticDense(
            weights=layer.weights.astype(np.int32),
            learning_rule=make_rule(layer, self.network.seed + number),
            tag_2=np.full(layer.weights.shape, JUMP_REST) if layer.rule.jump else None,
            num_message_bits=MESSAGE_BITS,
            **self._learning(number),
        )

    def _feedback(self, number: int):
        return PlasticDense(
            weights=self.network.layers[number].feedback.astype(np.int32),
            learning_rule=make_feedback_rule(self.network.seed + number),
            num_message_bits=8,
            graded_spike_cfg=GradedSpikeCfg.OVERWRITE,
            weight_purpose=random.FEEDBACK,
            **self._learning(number),
        )

    def _learning(self, number: int) -> dict[str, Any]:
        return {
            "rounding": self.network.rounding,
            "seed": self.network.seed,
            "layer": number,
            "first_step": self.n_learned * self.schedule.period,
            "reset_interval": self.schedule.period,
        }

    def _hidden(self, number: int, rate: np.ndarray):
        parameters = make_parameters(self.network, number, self.share)
        return HiddenNeuron(
            homeostasis_gain=parameters.homeostasis_gain,
            target_rate=parameters.target_rate,
            rate=rate,
            wake_step=self.network.layers[number].wake_step,
            **self._neuron(number, parameters),
        )

    def _outputs(self):
        network, number = self.network, self.network.n_hidden
        parameters = make_parameters(network, number, self.share)
        return OutputNeuron(
            target_true=network.target_true,
            target_false=network.target_false,
            payload_shifts=tuple(layer.payload_shift for layer in network.layers),
            one_sided=network.loss == "margin",
            **self._neuron(number, parameters),
        )

    def _neuron(self, number: int, parameters) -> dict[str, Any]:
        layer = self.network.layers[number]
        return {
            "shape": (layer.n_post,),
            "schedule": self.schedule,
            "layer": number,
            "du": layer.du,
            "dv": layer.dv,
            "vth": layer.vth,
            "bias": layer.bias,
            "reciprocal_exponent": layer.reciprocal_exponent,
            "error_gain": parameters.error_gain,
            "factor_bits": parameters.factor_bits,
            "probes": self.network.learns_feedback,
            "seed": self.network.seed,
            "first_sample": self.n_learned,
        }

    def _connect(self) -> None:
        below = self.source
        for layer, frozen in zip(self.network.front, self.front, strict=True):
            connect_frozen(below.s_out, layer, frozen)
            below = frozen.neurons
        for plastic, neuron in zip(self.plastic, self.neurons, strict=True):
            below.s_out.connect(plastic.s_in)
            plastic.a_out.connect(neuron.a_in)
            connect_factors(neuron, plastic)
            below = neuron
        outputs = self.neurons[-1]
        self.source.label_out.connect(outputs.label_in)
        for feedback, neuron in zip(self.feedback, self.neurons, strict=False):
            outputs.s_out_feedback.connect(feedback.s_in)
            feedback.a_out.connect(neuron.a_third_factor_in)
            connect_factors(neuron, feedback)

    def _copy_paths(self) -> None:
        above = None
        for number in reversed(range(self.network.n_hidden)):
            layer = self.network.layers[number]
            copy = PathCopy(
                shape=(layer.n_post, self.network.sizes[-1]),
                n_above=self.network.sizes[number + 2],
                layer=number,
                schedule=self.schedule,
                path_shift=self.network.path_shift(number),
            )
            copy.weights.connect_var(self.plastic[number + 1].weights)
            copy.feedback.connect_var(self.feedback[number].weights)
            if above is not None:
                copy.path_above.connect_var(above.path)
                copy.spikes_above.connect_var(self.neurons[number + 1].n_spikes)
            above = copy


def make_rule(layer: FixedLayer, seed: int):
    """The `Loihi3FLearningRule` of a forward connection; seed: of Lava's numbers."""

    return Loihi3FLearningRule(
        dw=layer.rule.dw,
        dt=layer.rule.dt,
        dd=layer.rule.dd,
        x1_impulse=layer.impulse,
        x1_tau=layer.x1_tau,
        x2_impulse=layer.impulse,
        x2_tau=layer.x2_tau,
        t_epoch=1,
        rng_seed=seed,
    )


def make_feedback_rule(seed: int):
    """The rule of a feedback connection, where x1 holds what the outputs send."""

    return Loihi3FLearningRule(
        dw=FEEDBACK_RULE, x1_tau=NO_DECAY, x2_tau=NO_DECAY, t_epoch=1, rng_seed=seed
    )


def connect_factors(neuron, plastic) -> None:
    """Connect what a neuron tells its synapses: its spikes, y1, y2 and y3."""
    for port in ("bap", "y1", "y2", "y3"):
        getattr(neuron, f"s_out_{port}").connect(getattr(plastic, f"s_in_{port}"))
