"""The layer of outputs, which knows the label and sends the errors."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_sfdfa.processes.lif import LearningLif


class OutputNeuron(LearningLif):
    """Outputs: they count their spikes and compare them with the label.

    In the error step, the label comes in at `label_in`, a one of the true class. The
    errors leave at `s_out_feedback`, signed; later what the outputs read of the
    payloads, d, shifted by `payload_shifts` (an entry a hidden layer), as 2 (d + 64),
    at least 1. target_true, target_false: spikes wanted; one_sided: whether more of
    the true class, and less of the others, is no error. The others as in
    `HiddenNeuron`.
    """

    def __init__(
        self,
        *,
        shape: tuple[int],
        target_true: int,
        target_false: int,
        payload_shifts: tuple[int, ...],
        one_sided: bool = False,
        probes: bool = True,
        **options,
    ):
        super().__init__(
            shape=shape,
            target_true=target_true,
            target_false=target_false,
            payload_shifts=payload_shifts,
            one_sided=one_sided,
            probes=probes,
            **options,
        )
        self.label_in, self.s_out_feedback = InPort(shape=shape), OutPort(shape=shape)
        self.error = Var(shape=shape, init=0)
