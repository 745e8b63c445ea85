"""Symmetric feedback: copies forward path weights, as no chip can."""

from lava.magma.core.process.ports.ports import RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_sfdfa.chip.protocol import Schedule


class PathCopy(AbstractProcess):
    """Sets the feedback weights of one hidden layer to the weights of the paths to the
    outputs, through the neurons that fired in the sample: the upper bound for what
    learned feedback can reach.

    shape: (n_post, n_out) of the feedback; n_above: neurons of the layer above; layer:
    number of the hidden layer; path_shift: scales as learned feedback is scaled.

    RefPorts: `weights` (n_above, n_post) of the connection to the layer above;
    `path_above` (n_above, n_out), the `path` of the copy above, and `spikes_above`
    (n_above,), its spike counts, both left open under the outputs; `feedback`, written.
    Each copy does its work a step after the one above.
    """

    def __init__(
        self,
        *,
        shape: tuple[int, int],
        n_above: int,
        layer: int,
        schedule: Schedule,
        path_shift: int,
        name: str | None = None,
    ):
        super().__init__(
            shape=shape,
            layer=layer,
            schedule=schedule,
            path_shift=path_shift,
            name=name,
        )
        n_post, n_out = shape
        self.path = Var(shape=shape, init=0)
        self.weights = RefPort(shape=(n_above, n_post))
        self.path_above = RefPort(shape=(n_above, n_out))
        self.spikes_above = RefPort(shape=(n_above,))
        self.feedback = RefPort(shape=shape)
