"""A row of light sensors before which a bar moves to the left or to the right."""

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess


class MovingBar(AbstractProcess):
    """Sensors that spike when the bar reaches them, some of them at random.

    n_sensors: in the row; steps, period: of a sample (presentation, and all);
    label_step: step of the sample in which the direction is told; seed: of bars.
    """

    def __init__(self, *, n_sensors, steps, period, label_step, seed, name=None):
        super().__init__(
            n_sensors=n_sensors,
            steps=steps,
            period=period,
            label_step=label_step,
            seed=seed,
            name=name,
        )
        self.s_out = OutPort(shape=(n_sensors,))
        self.label_out = OutPort(shape=(2,))


def direction(seed, sample):
    """Where the bar of a sample goes: 0 is left, 1 is right."""
    return (seed * 7919 + sample * 104_729) // 64 % 2
