"""The network as Lava Processes, run on the CPU: for any number of layers.

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

from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.state import make_parameters
from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.network.fixed import FixedNetwork

POLL_SECONDS = 2e-4  # between two looks whether Lava is done; a step takes more
DEATH_SECONDS = 10  # in which a model that reported an error has ended
CHANNEL_SLOTS = 4  # messages that a channel holds; Lava's 64 take much memory


def require_lava() -> None:
    """Errors: BackendError where lava-nc is not installed."""
    try:
        import lava.proc.dense.process  # noqa: F401
    except ImportError:
        version = ".".join(map(str, sys.version_info[:2]))
        raise BackendError(
            "the backend lava needs lava-nc 0.10.0, which is not installed in this "
            f"Python {version}; it runs on 3.10 only, where `make setup` installs it"
        ) from None


class LavaNetwork:
    """A fixed-point network on Lava that learns from samples, one a period.

    source: a Process that shows them, `SpikeInput` or one of your own, with the ports
    `s_out` (spikes, 0 or 1) and `label_out` (a one of the true class in the error
    step). rates, n_learned: of an artifact, to go on. read_steps: steps of the period
    after which the state is read, by default the end of the presentation and of the
    sample. share: of the learning rate; model: fixed_pt or floating_pt.

    `state` has an entry a layer that learns: arrays by name, with a row a read step;
    `front_state` likewise has u, v and spikes of each frozen layer, which is in the
    chip's integers in both models. A context manager. Errors: BackendError where Lava
    is missing, InputError for symmetric feedback in floating point.
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
        if model != "fixed_pt" and network.feedback_kind == "symmetric":
            raise InputError(
                f"feedback is symmetric and model is {model}; weights are copied in "
                "integers only: take fixed_pt, or feedback sfdfa or random"
            )
        from lava.magma.core.run_configs import Loihi2SimCfg

        from lava_sfdfa.processes.front import stock_models
        from lava_sfdfa.processes.graph import ProcessGraph

        self.network, self.schedule, self.source = network, network.schedule, source
        frozen_models = stock_models() if network.front else None
        self._config = Loihi2SimCfg(
            select_tag=model, exception_proc_model_map=frozen_models
        )
        self._kind = np.int32 if model == "fixed_pt" else np.float64
        self._started = self._running = False
        rates = rates or tuple(
            np.zeros(layer.n_post, np.int32) for layer in network.layers[:-1]
        )
        self.graph = ProcessGraph(network, source, rates, n_learned, share)
        self._folder = tempfile.TemporaryDirectory(prefix="lava-sfdfa-")
        steps = read_steps or (self.schedule.steps - 1, self.schedule.rest - 1)
        self.state = tuple(
            self._reader(str(number), self.graph.variables(number), steps, self._kind)
            for number in range(len(network.layers))
        )
        self.front_state = tuple(
            self._reader(f"front-{number}", frozen.variables, steps, np.int32)
            for number, frozen in enumerate(self.graph.front)
        )

    def __enter__(self) -> "LavaNetwork":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _reader(
        self, layer: str, variables: dict[str, Any], steps: tuple[int, ...], kind: type
    ) -> dict[str, np.ndarray]:
        """A reader of a layer, and the arrays it fills: by name, a row a read step."""
        from lava_sfdfa.processes.state_reader.process import StateReader

        files, arrays = {}, {}
        for name, variable in variables.items():
            files[name] = Path(self._folder.name) / f"{layer}-{name}.npy"
            arrays[name] = np.lib.format.open_memmap(
                files[name], "w+", kind, (len(steps), *variable.shape)
            )
        StateReader(
            variables=variables, files=files, steps=steps, period=self.schedule.period
        ).connect()
        return arrays

    def show(self, sample: int) -> None:
        """Choose what `SpikeInput` shows in the next period; between two periods."""
        self._write(self.source.sample, sample)

    def set_learning_share(self, share: float) -> None:
        """Set the share of the learning rate in force; between two periods only."""
        for number, neuron in enumerate(self.graph.neurons):
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


def _ignore_interrupts():
    """Ignore Ctrl-C, so that processes forked now do; returns what was before."""
    if threading.current_thread() is threading.main_thread():
        return signal.signal(signal.SIGINT, signal.SIG_IGN)
    return None


def _hear_interrupts(before) -> None:
    if before is not None:
        signal.signal(signal.SIGINT, before)
