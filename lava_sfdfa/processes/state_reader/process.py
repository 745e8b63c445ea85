"""Reads the state of a layer through RefPorts."""

from pathlib import Path

from lava.magma.core.process.ports.ports import RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

PORTS = (
    "weights", "feedback", "tag_1", "tag_2", "u", "v", "spikes", "n_spikes", "tagged",
    "rate", "error", "factor", "synapses_cut", "neurons_cut",
)  # fmt: skip


class StateReader(AbstractProcess):
    """Copies variables of other Processes into arrays on disk that the host has open.

    `Var.get` sends one number at a time, which takes seconds for a layer; a RefPort
    takes milliseconds.

    variables: by the name of a port of the model, to be connected with `connect`;
    files: a `.npy` of each, with a first axis of len(steps); steps: of the period,
    after which the variables are read.
    """

    def __init__(
        self,
        *,
        variables: dict[str, Var],
        files: dict[str, Path],
        steps: tuple[int, ...],
        period: int,
        name: str | None = None,
    ):
        super().__init__(files=files, steps=steps, period=period, name=name)
        self._variables = variables
        for key in PORTS:  # the model wants all of them; some stay open
            shape = variables[key].shape if key in variables else (1,)
            setattr(self, key, RefPort(shape=shape))

    def connect(self) -> None:
        """Connect the ports; a Process has none before its constructor has ended."""
        for key, variable in self._variables.items():
            getattr(self, key).connect_var(variable)
