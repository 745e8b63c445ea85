"""The network as Lava Processes, run on the CPU: for any number of layers.

    SpikeInput -> PlasticDense -> HiddenNeuron -> ... -> PlasticDense -> OutputNeuron
                                       ^                                      |
                                       +------- PlasticDense (feedback) <-----+

`LavaNetwork` builds the graph from the same `FixedNetwork` as the engine, shows
samples while it learns, and reads its state back. Lava runs every Process in an
operating-system process; `close` ends them, and so does leaving a `with` block.
"""

import multiprocessing.connection
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.encoding import Events
from lava_sfdfa.errors import BackendError
from lava_sfdfa.quantise import FixedLayer, FixedNetwork
from lava_sfdfa.rule import FEEDBACK_RULE, JUMP_REST
from lava_sfdfa.state import make_parameters

NO_DECAY = 2.0**60  # steps; exp(-1 / this) is 1 exactly
MESSAGE_BITS = 24  # payloads of hidden neurons; outputs send 8 bits
POLL_SECONDS = 2e-4  # between two looks whether Lava is done; a step takes more
DEATH_SECONDS = 10  # in which a model that reported an error has ended
CHANNEL_SLOTS = 4  # messages that a channel holds; Lava's 64 take much memory


def require_lava() -> None:
    """Errors: BackendError where lava-nc is not installed."""
    try:
        import lava.proc.dense.process  # noqa: F401
    except ImportError:
        found = ".".join(map(str, sys.version_info[:2]))
        raise BackendError(
            "the backend lava needs lava-nc 0.10.0, which is not installed in this "
            f"Python {found}; it runs on 3.10 only, where `make setup` installs it"
        ) from None


class LavaNetwork:
    """A fixed-point network on Lava that learns from samples, one a period.

    source: a Process that shows them, `SpikeInput` or one of your own, with the ports
    `s_out` (spikes, 0 or 1) and `label_out` (a one of the true class in the error
    step). rates, n_learned: of an artifact, to go on. read_steps: steps of the period
    after which the state is read, by default the end of the presentation and of the
    sample. share: of the learning rate; model: fixed_pt or floating_pt.

    `state` has an entry a layer: arrays by name, with a row a read step. A context
    manager. Errors: BackendError where Lava is missing.
    """

    def __init__(
        self,
        network: FixedNetwork,
        source: Any,
        rates: tuple[np.ndarray, ...] = (),
        n_learned: int = 0,
        read_steps: tuple[int, ...] = (),
        share: float = 1.0,
        model: str = "fixed_pt",
    ):
        require_lava()
        from lava.magma.core.run_configs import Loihi2SimCfg

        self.network, self.schedule, self.source = network, network.schedule, source
        self._config = Loihi2SimCfg(select_tag=model)
        self._kind = np.int32 if model == "fixed_pt" else np.float64
        self._started = self._running = False
        rates = rates or tuple(
            np.zeros(layer.n_post, np.int32) for layer in network.layers[:-1]
        )
        self._build(rates, n_learned, share)
        self._folder = tempfile.TemporaryDirectory(prefix="lava-sfdfa-")
        steps = read_steps or (self.schedule.steps - 1, self.schedule.rest - 1)
        self.state = tuple(self._reader(i, steps) for i in range(len(network.layers)))

    def __enter__(self) -> "LavaNetwork":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    # --- the graph ----------------------------------------------------------------

    def _build(self, rates, n_learned: int, share: float) -> None:
        network = self.network
        self.plastic = [self._plastic(i, n_learned) for i in range(len(network.layers))]
        self.feedback = [self._feedback(i, n_learned) for i in range(network.n_hidden)]
        self.neurons: list[Any] = [
            self._hidden(i, rates[i], n_learned, share) for i in range(network.n_hidden)
        ]
        self.neurons.append(self._outputs(n_learned, share))
        self._connect()
        if network.feedback_kind == "symmetric":
            self._copy_paths()

    def _plastic(self, number: int, n_learned: int):
        from lava_sfdfa.processes.plastic_dense.process import PlasticDense

        layer = self.network.layers[number]
        return PlasticDense(
            weights=layer.weights.astype(np.int32),
            learning_rule=make_rule(layer, self.network.seed + number),
            tag_2=np.full(layer.weights.shape, JUMP_REST) if layer.rule.jump else None,
            num_message_bits=MESSAGE_BITS,
            **self._learning(number, n_learned),
        )

    def _feedback(self, number: int, n_learned: int):
        from lava.magma.core.learning.constants import GradedSpikeCfg

        from lava_sfdfa.processes.plastic_dense.process import PlasticDense

        return PlasticDense(
            weights=self.network.layers[number].feedback.astype(np.int32),
            learning_rule=make_feedback_rule(self.network.seed + number),
            num_message_bits=8,
            graded_spike_cfg=GradedSpikeCfg.OVERWRITE,
            weight_purpose=fp.RANDOM_FEEDBACK,
            **self._learning(number, n_learned),
        )

    def _learning(self, number: int, n_learned: int) -> dict[str, Any]:
        return {
            "rounding": self.network.rounding,
            "seed": self.network.seed,
            "layer": number,
            "first_step": n_learned * self.schedule.period,
            "reset_interval": self.schedule.period,
        }

    def _hidden(self, number: int, rate, n_learned: int, share: float):
        from lava_sfdfa.processes.hidden_neuron.process import HiddenNeuron

        parameters = make_parameters(self.network, number, share)
        return HiddenNeuron(
            homeostasis_gain=parameters.homeostasis_gain,
            target_rate=parameters.target_rate,
            rate=rate,
            seed=self.network.seed,
            **self._neuron(number, n_learned, parameters),
        )

    def _outputs(self, n_learned: int, share: float):
        from lava_sfdfa.processes.output_neuron.process import OutputNeuron

        network, number = self.network, self.network.n_hidden
        parameters = make_parameters(network, number, share)
        return OutputNeuron(
            target_true=network.target_true,
            target_false=network.target_false,
            payload_shifts=tuple(layer.payload_shift for layer in network.layers),
            one_sided=network.loss == "margin",
            **self._neuron(number, n_learned, parameters),
        )

    def _neuron(self, number: int, n_learned: int, parameters) -> dict[str, Any]:
        layer = self.network.layers[number]
        return {
            "shape": (layer.n_post,),
            "schedule": self.schedule,
            "layer": number,
            "du": layer.du,
            "dv": layer.dv,
            "vth": layer.vth,
            "reciprocal_exponent": layer.reciprocal_exponent,
            "error_gain": parameters.error_gain,
            "factor_bits": parameters.factor_bits,
            "probes": self.network.feedback_kind == "sfdfa",
            "first_sample": n_learned,
        }

    def _connect(self) -> None:
        below = self.source
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
        from lava_sfdfa.processes.path_copy.process import PathCopy

        above = None
        for number in reversed(range(self.network.n_hidden)):
            layer = self.network.layers[number]
            copy = PathCopy(
                shape=(layer.n_post, self.network.sizes[-1]),
                n_above=self.network.sizes[number + 2],
                layer=number,
                schedule=self.schedule,
                payload_shift=layer.payload_shift,
            )
            copy.weights.connect_var(self.plastic[number + 1].weights)
            copy.feedback.connect_var(self.feedback[number].weights)
            if above is not None:
                copy.path_above.connect_var(above.path)
                copy.spikes_above.connect_var(self.neurons[number + 1].n_spikes)
            above = copy

    # --- state --------------------------------------------------------------------

    def _reader(self, number: int, steps: tuple[int, ...]) -> dict[str, np.ndarray]:
        """A reader of a layer, and the arrays it fills: by name, a row a read step."""
        from lava_sfdfa.processes.state_reader.process import StateReader

        variables = self._variables(number)
        files, arrays = {}, {}
        for name, variable in variables.items():
            files[name] = Path(self._folder.name) / f"{number}-{name}.npy"
            arrays[name] = np.lib.format.open_memmap(
                files[name], "w+", self._kind, (len(steps), *variable.shape)
            )
        StateReader(
            variables=variables, files=files, steps=steps, period=self.schedule.period
        ).connect()
        return arrays

    def _variables(self, number: int) -> dict[str, Any]:
        plastic, neuron = self.plastic[number], self.neurons[number]
        found = {
            name: getattr(neuron, name)
            for name in ("u", "v", "spikes", "n_spikes", "factor")
        }
        found |= {"neurons_cut": neuron.n_cut, "synapses_cut": plastic.n_cut}
        found |= {"weights": plastic.weights, "tag_1": plastic.tag_1}
        if self.network.layers[number].rule.jump:
            found["tag_2"] = plastic.tag_2
        if number < self.network.n_hidden:
            found |= {"rate": neuron.rate, "feedback": self.feedback[number].weights}
        else:
            found["error"] = neuron.error
        return found

    # --- running ------------------------------------------------------------------

    def show(self, sample: int) -> None:
        """Choose what `SpikeInput` shows in the next period; between two periods."""
        self._write(self.source.sample, sample)

    def set_learning_share(self, share: float) -> None:
        """Set the share of the learning rate in force; between two periods only."""
        for number, neuron in enumerate(self.neurons):
            parameters = make_parameters(self.network, number, share)
            self._write(neuron.error_gain, parameters.error_gain)
            if number < self.network.n_hidden:
                self._write(neuron.homeostasis_gain, parameters.homeostasis_gain)

    def _write(self, variable, value: int) -> None:
        if self._started:
            variable.set(np.array([value]))
        else:
            variable.init = np.array([value])

    def run(self, n_steps: int) -> None:
        """Run so many steps and wait for their end.

        Errors: RuntimeError with the traceback of a model that failed. Lava's own
        waiting would never end then, since the other models wait for the one.
        """
        from lava.magma.core.run_conditions import RunSteps
        from lava.magma.runtime.mgmt_token_enums import MGMT_RESPONSE, enum_equal

        if not self._started:
            self._start()
        self._running = True
        self.source.run(RunSteps(num_steps=n_steps, blocking=False))
        (port,) = self.source.runtime.service_to_runtime
        while not port.probe():
            if multiprocessing.connection.wait(self._sentinels, POLL_SECONDS):
                raise RuntimeError(self._reasons())
        if enum_equal(port.peek(), MGMT_RESPONSE.ERROR):
            multiprocessing.connection.wait(self._sentinels, DEATH_SECONDS)
            raise RuntimeError(self._reasons())
        self.source.wait()
        self._running = False

    def _start(self) -> None:
        """Build the models; their processes do not hear of Ctrl-C, which is ours."""
        before = _ignore_interrupts()
        try:
            self.source.create_runtime(
                self._config, compile_config={"pypy_channel_size": CHANNEL_SLOTS}
            )
            self._started = True
        finally:
            _hear_interrupts(before)
        self._sentinels = [actor.sentinel for actor in self._actors()]

    def _actors(self) -> list[Any]:
        return self.source.runtime._messaging_infrastructure.actors

    def _terminate(self) -> None:
        for actor in self._actors():
            if not actor._is_done:
                actor.terminate()

    def close(self) -> None:
        """End all processes of Lava and remove what they wrote; also in mid-step."""
        if self._started and not self._running and self.source.runtime._is_started:
            self.source.stop()
        elif self._started:
            self._terminate()
            self.source.runtime._is_started = False
            self.source.runtime._messaging_infrastructure.stop()
        self._started = self._running = False
        self._folder.cleanup()

    def _reasons(self) -> str:
        """Tracebacks of models that failed."""
        failed = [actor.exception for actor in self._actors() if actor.exception]
        return "\n".join(traceback for _, traceback in failed) or "a model has died"


def make_input(network: FixedNetwork, events: Events, labels: np.ndarray):
    """The `SpikeInput` of a network: it shows all samples, one after the other."""
    require_lava()
    from lava_sfdfa.processes.spike_input.process import SpikeInput

    return SpikeInput(
        events=events,
        labels=labels,
        order=np.arange(len(events)),
        n_classes=network.sizes[-1],
        schedule=network.schedule,
    )


def make_rule(layer: FixedLayer, seed: int):
    """The `Loihi3FLearningRule` of a forward connection; seed: of Lava's numbers."""
    from lava.magma.core.learning.learning_rule import Loihi3FLearningRule

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
    from lava.magma.core.learning.learning_rule import Loihi3FLearningRule

    return Loihi3FLearningRule(
        dw=FEEDBACK_RULE, x1_tau=NO_DECAY, x2_tau=NO_DECAY, t_epoch=1, rng_seed=seed
    )


def connect_factors(neuron, plastic) -> None:
    """Connect what a neuron tells its synapses: its spikes, y1, y2 and y3."""
    for port in ("bap", "y1", "y2", "y3"):
        getattr(neuron, f"s_out_{port}").connect(getattr(plastic, f"s_in_{port}"))


def _ignore_interrupts():
    """Ignore Ctrl-C, so that processes forked now do; returns what was before."""
    if threading.current_thread() is threading.main_thread():
        return signal.signal(signal.SIGINT, signal.SIG_IGN)
    return None


def _hear_interrupts(before) -> None:
    if before is not None:
        signal.signal(signal.SIGINT, before)
