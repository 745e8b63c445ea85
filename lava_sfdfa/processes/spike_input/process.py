"""A stream of samples as input spikes, and their labels."""

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_sfdfa.chip.protocol import Schedule
from lava_sfdfa.data.events import Events


class SpikeInput(AbstractProcess):
    """Shows samples, one a period, and names their class in the error step.

    events, labels: int64 (n,), all samples; order: int64 (m,), which of them are shown
    one after the other; then it begins again. n_classes: width of `label_out`.

    `sample` is the position in `order`; writing it between two samples chooses what
    is shown next.
    """

    def __init__(
        self,
        *,
        events: Events,
        labels: np.ndarray,
        order: np.ndarray,
        n_classes: int,
        schedule: Schedule,
        name: str | None = None,
    ):
        super().__init__(
            events=events,
            labels=labels,
            order=order,
            schedule=schedule,
            n_classes=n_classes,
            name=name,
        )
        self.s_out = OutPort(shape=(events.n_inputs,))
        self.label_out = OutPort(shape=(n_classes,))
        self.sample = Var(shape=(1,), init=0)
