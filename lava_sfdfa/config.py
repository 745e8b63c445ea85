"""Everything a training run can be told, in real units, and the named defaults.

`Config` is flat, so that a TOML file is a list of `name = value` lines. The named
configurations were chosen on validation data; see README, "Figures".
"""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lava_sfdfa.errors import InputError, unknown_choice

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FEEDBACK = ("sfdfa", "random", "symmetric")
ELIGIBILITY = ("trace", "recursive")
ROUNDING = ("synapse", "shared")
LOSS = ("count", "margin")


@dataclass(frozen=True)
class Config:
    """One training run. Times in seconds unless the name says otherwise.

    The symbols are those of the SFDFA paper (Bacho & Chu, arXiv 2403.08804):
    thresholds are its c, targets its y, `homeostasis` its regulariser lambda and
    `target_rate` its rho.
    """

    dataset: str = "digits"
    hidden: tuple[int, ...] = (400,)
    epochs: int = 10
    seed: int = 0
    limit: int | None = None  # training samples to use; None is all

    feedback: str = "sfdfa"
    eligibility: str = "trace"
    rounding: str = "synapse"
    # count: outputs shall spike as often as their targets say (the paper's loss);
    # margin: more than that of the true class, less of the others, is no error.
    loss: str = "count"

    steps: int = 64  # time steps of presentation
    duration_s: float = 0.2  # of the presentation
    window_s: float = 0.1  # input spikes arrive within this
    recording_s: float = 0.3  # what is shown of a recording, squeezed into window_s
    bins: int = 10  # of time, in what is shown of a recording
    bin_events: int = 1  # an input spikes in a bin with this many events or more
    tau_synapse_s: float = 0.13
    tau_membrane_s: float = 0.26
    threshold_hidden: float = 0.77  # in units of the weights
    threshold_output: float = 2.69
    weight_init: float = 1.0  # initial weights are uniform in +- this
    input_weight_mean: float = 0.0  # added to the initial weights of the inputs
    weight_limit: float = 2.0  # the largest weight that 8 bits shall hold
    # Share of it that weights to hidden neurons shall reach. The less, the finer their
    # steps; what learning leaves as noise is about one step.
    hidden_range: float = 1.0

    reciprocal_headroom: int = 0  # doublings of y1 beyond the range at threshold

    target_true: int = 15  # output spikes of the true class
    target_false: int = 3  # output spikes of the others
    learning_rate: float = 0.01  # per sample, eligibility in units of tau_membrane
    learning_rate_end: float = 0.05  # share of the rate that is left at the end
    # Credit of lower hidden layers is noisier, and at the full rate it silences them.
    lower_rate: float = 0.2  # share of the rate in hidden layers below the last
    homeostasis: float = 1.0
    target_rate: float = 0.2  # spikes of a hidden neuron in a sample

    def __post_init__(self):
        settle(self)

    @property
    def window_steps(self) -> int:
        """Steps within which input spikes arrive."""
        return max(1, round(self.steps * self.window_s / self.duration_s))

    def weight_limit_of(self, layer: int) -> float:
        """The largest weight to a layer; hidden layers count from 0, outputs last."""
        share = self.hidden_range if layer < len(self.hidden) else 1.0
        return self.weight_limit * share


_CHOICES = {
    "feedback": FEEDBACK,
    "eligibility": ELIGIBILITY,
    "rounding": ROUNDING,
    "loss": LOSS,
}
_RANGES = {
    "epochs": (1, 100_000),
    "seed": (0, 2**63 - 1),
    "limit": (1, 2**31),
    "batch": (1, 65_536),
    "feedback_rate": (0.0, 1.0),
    "steps": (4, 1024),
    "duration_s": (1e-6, 1e3),
    "window_s": (1e-6, 1e3),
    "recording_s": (1e-6, 1e3),
    "bins": (1, 1024),
    "bin_events": (1, 1000),
    "tau_synapse_s": (1e-6, 1e3),
    "tau_membrane_s": (1e-6, 1e3),
    "threshold_hidden": (1e-3, 1e3),
    "threshold_output": (1e-3, 1e3),
    "weight_init": (0.0, 1e3),
    "weight_limit": (1e-3, 1e3),
    "hidden_range": (1e-2, 1e2),
    "input_weight_mean": (-1e3, 1e3),
    "reciprocal_headroom": (0, 6),
    "target_true": (1, 63),
    "target_false": (0, 63),
    "learning_rate": (0.0, 10.0),
    "learning_rate_end": (0.0, 1.0),
    "lower_rate": (0.0, 1.0),
    "homeostasis": (0.0, 100.0),
    "target_rate": (0.0, 63.0),
}


def settle(config) -> None:
    """Make numbers of the declared kind of every field of a configuration, and refuse
    values outside their range, by name."""
    for entry in dataclasses.fields(config):
        name, value = entry.name, getattr(config, entry.name)
        if entry.type is float:  # 2 and 2.0 are one setting
            object.__setattr__(config, name, float(value))
        if name in _CHOICES and value not in _CHOICES[name]:
            raise InputError(unknown_choice(name, value, _CHOICES[name]))
        low, high = _RANGES.get(name, (None, None))
        if low is not None and value is not None and not low <= value <= high:
            raise InputError(f"{name} is {value}; allowed is {low} to {high}")
    _check(config)


def _check(config) -> None:
    """Refuse values that do not go together."""
    if not config.hidden:
        raise InputError("hidden is empty; give at least one hidden layer")
    for size in config.hidden:
        if not 1 <= size <= 65_536:
            raise InputError(
                f"a hidden layer has {size} neurons; allowed is 1 to 65536"
            )
    try:
        config.dataset.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"dataset is {config.dataset!r}, which is not valid UTF-8; rename the file"
        ) from None
    if config.window_s > config.duration_s:
        raise InputError(
            f"window_s is {config.window_s}, longer than duration_s, "
            f"{config.duration_s}; input has to end before the presentation does"
        )
    if config.tau_membrane_s <= config.tau_synapse_s:
        raise InputError(
            f"tau_membrane_s is {config.tau_membrane_s}; it has to be greater than "
            f"tau_synapse_s, {config.tau_synapse_s}"
        )


def read_config(path: Path, kind: type = Config) -> dict[str, Any]:
    """The values that a TOML file sets, checked for the names and types of `kind`.

    Errors: InputError for a file that is missing or is not TOML, for an unknown
    name, and for a value of the wrong type.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: is not a TOML file: {error}") from None
    return {n: _typed(kind, n, value, str(path)) for n, value in values.items()}


def _typed(config: type, name: str, value: Any, where: str) -> Any:
    fields = {field.name: field.type for field in dataclasses.fields(config)}
    if name not in fields:
        sentence = unknown_choice("a setting", name, sorted(fields))
        raise InputError(f"{where}: {sentence}")
    kind: Any = fields[name]
    if kind == tuple[int, ...]:
        value = value if isinstance(value, list) else [value]
        right = all(type(size) is int for size in value)
        value = tuple(value)
    elif kind is float:
        right = type(value) in (int, float)
    elif kind is str:
        right = type(value) is str
    else:  # int, or int or nothing
        right = type(value) is int
    if not right:
        wanted = {float: "a number", str: "a string", tuple[int, ...]: "integers"}
        raise InputError(
            f"{where}: {name} is {value!r}; it has to be "
            f"{wanted.get(kind, 'an integer')}"
        )
    return value
