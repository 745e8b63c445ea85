"""Training in floating point: the settings of the SFDFA authors, by data set.

Source of all numbers: the experiments that Bacho & Chu published with arXiv
2403.08804. Their thresholds are c * tau; `c` of the equations stands here. Adam
(Kingma & Ba, arXiv 1412.6980) with their rates, no decay of the rate, no augmentation.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from lava_sfdfa.config import (
    Epochs,
    Feedback,
    Layers,
    Limit,
    Seconds,
    Share,
    Weight,
    check_hidden,
    check_together,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import Between, check_fields

# Spike times are kept as exp(t / tau_membrane), which has to be a float.
MOST_TIME_CONSTANTS = 700


@dataclass(frozen=True)
class FloatConfig:
    """One training in floating point. Times in seconds; names as in `Config`."""

    dataset: str = "digits"
    hidden: Layers = (800,)
    epochs: Epochs = 30
    seed: Annotated[int, Between(0, 2**32 - 1)] = 0  # of numpy's RandomState
    limit: Limit = None  # training samples to use; None is all
    feedback: Feedback = "sfdfa"

    batch: Annotated[int, Between(1, 65_536)] = 50
    learning_rate: Annotated[float, Between(0.0, 10.0)] = 3e-3  # of Adam
    feedback_rate: Share = 1e-4  # of plain gradient steps, once a batch
    homeostasis: Annotated[float, Between(0.0, 100.0)] = 0.1  # lambda
    # rho, spikes of a hidden neuron in a sample.
    target_rate: Annotated[float, Between(0.0, 63.0)] = 0.2

    duration_s: Seconds = 0.2  # of the simulation
    window_s: Seconds = 0.1  # input spikes arrive within this
    tau_synapse_s: Seconds = 0.13  # the membrane has twice this
    threshold_hidden: Weight = 0.2 / 0.26  # c, in units of the weights
    threshold_output: Weight = 0.7 / 0.26
    # Initial weights are uniform in +- this.
    weight_init: Annotated[float, Between(0.0, 1e3)] = 1.0
    # Added to the initial weights of the outputs.
    output_shift: Annotated[float, Between(-1e3, 1e3)] = 0.0
    target_true: Annotated[int, Between(1, 63)] = 15  # output spikes of the true class
    target_false: Annotated[int, Between(0, 63)] = 3  # output spikes of the others

    def __post_init__(self):
        check_fields(self)
        check_together(self)
        check_hidden(self.hidden)
        if self.duration_s > MOST_TIME_CONSTANTS * self.tau_membrane_s:
            raise InputError(
                f"duration_s must be at most {MOST_TIME_CONSTANTS} times the time "
                f"constant of the membrane, {self.tau_membrane_s}, not "
                f"{self.duration_s}; raise tau_synapse_s, which is half of it"
            )

    @property
    def tau_membrane_s(self) -> float:
        """Twice the synaptic one: spike times are then in closed form."""
        return 2.0 * self.tau_synapse_s


_FASHION = {"hidden": (400, 400), "epochs": 50}
_RANDOM = {"homeostasis": 1.0, "target_rate": 0.4}
_SHD = {
    "hidden": (128,),
    "epochs": 150,
    "learning_rate": 1e-3,
    "tau_synapse_s": 0.1,
    "threshold_hidden": 1.0 / 0.2,
    "threshold_output": 1.2 / 0.2,
    "duration_s": 1.0,
    "window_s": 1.0,
    "output_shift": 0.1,
    "target_rate": 2.0,
}
# Not of the authors: for the bundled set, which has 33 bright pixels an image.
_DIGITS = {
    "hidden": (200,),
    "batch": 10,
    "learning_rate": 1e-3,
    "feedback_rate": 1e-3,
    "threshold_hidden": 0.3,
    "threshold_output": 1.0,
}
# By data set; what they tuned for random feedback (DFA) stands beside it.
PAPER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mnist": ({}, _RANDOM),
    "emnist-balanced": ({"homeostasis": 0.3}, {"homeostasis": 4.0}),
    "fashion-mnist": (
        {**_FASHION, "homeostasis": 0.3, "target_rate": 0.4},
        {**_FASHION, **_RANDOM},
    ),
    "shd": ({**_SHD, "homeostasis": 0.03}, _SHD),
    "digits": (_DIGITS, {**_DIGITS, **_RANDOM}),
}


def paper_config(dataset: str, feedback: str = "sfdfa", **changes) -> FloatConfig:
    """The authors' settings for a data set and a kind of feedback, with some changed.

    A data set without settings of its own gets those of `mnist`. Errors: InputError
    for a value outside its range.
    """
    learned, fixed = PAPER.get(dataset, PAPER["mnist"])
    values = {**(fixed if feedback == "random" else learned), **changes}
    return FloatConfig(**{"dataset": dataset, "feedback": feedback, **values})
