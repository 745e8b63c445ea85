"""Everything a training run can be told, in real units.

`Config` is flat, so that a TOML file is a list of `name = value` lines. The settings
that were chosen for data sets by name stand in `presets.py`.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.fields import Between, check_fields, checked, declared
from lava_sfdfa.foreign import first_bytes, reading

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Feedback = Literal["sfdfa", "random", "symmetric"]
Eligibility = Literal["trace", "recursive"]
Rounding = Literal["synapse", "shared"]
Loss = Literal["count", "margin"]
Kind = Literal["image", "table", "series", "events"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TOML_MOST = 100_000  # bytes of a file of settings

Seconds = Annotated[float, Between(1e-6, 1e3)]
Share = Annotated[float, Between(0.0, 1.0)]
Layers = Annotated[tuple[int, ...], Between(1, 65_536)]
Epochs = Annotated[int, Between(1, 100_000)]
Seed = Annotated[int, Between(0, 2**63 - 1)]
Limit = Annotated[int | None, Between(1, 2**31)]
Weight = Annotated[float, Between(1e-3, 1e3)]


@dataclass(frozen=True)
class Config:
    """One training run. Times in seconds unless the name says otherwise.

    The symbols are those of the SFDFA paper (Bacho & Chu, arXiv 2403.08804):
    thresholds are its c, targets its y, `homeostasis` its regulariser lambda and
    `target_rate` its rho. Errors: InputError for a value of the wrong type, outside
    its range, or that does not go with another.
    """

    dataset: str = "digits"
    hidden: Layers = (400,)
    epochs: Epochs = 10
    seed: Seed = 0
    limit: Limit = None  # training samples to use; None is all
    kind: Kind | None = None  # of the samples of a file; None is what they look like

    feedback: Feedback = "sfdfa"
    eligibility: Eligibility = "trace"
    rounding: Rounding = "synapse"
    # count: outputs shall spike as often as their targets say (the paper's loss);
    # margin: more than that of the true class, less of the others, is no error.
    loss: Loss = "count"

    steps: Annotated[int, Between(4, 1024)] = 64  # time steps of presentation
    duration_s: Seconds = 0.2  # of the presentation
    window_s: Seconds = 0.1  # input spikes arrive within this
    recording_s: Seconds = 0.3  # what is shown of a recording, squeezed into window_s
    bins: Annotated[int, Between(1, 1024)] = 10  # of time, in what is shown of it
    # An input spikes in a bin with this many events or more.
    bin_events: Annotated[int, Between(1, 1000)] = 1
    # What an input spike adds to its traces; None fills them.
    input_impulse: Annotated[int | None, Between(1, 127)] = None
    tau_synapse_s: Seconds = 0.13
    tau_membrane_s: Seconds = 0.26
    threshold_hidden: Weight = 0.77  # in units of the weights
    threshold_output: Weight = 2.69
    # Initial weights are uniform in +- this.
    weight_init: Annotated[float, Between(0.0, 1e3)] = 1.0
    # Added to the initial weights of the inputs.
    input_weight_mean: Annotated[float, Between(-1e3, 1e3)] = 0.0
    weight_limit: Weight = 2.0  # the largest weight that 8 bits shall hold
    # Share of it that weights to hidden neurons shall reach. The less, the finer their
    # steps; what learning leaves as noise is about one step.
    hidden_range: Annotated[float, Between(1e-2, 1e2)] = 1.0

    # Doublings of y1 beyond the range at threshold.
    reciprocal_headroom: Annotated[int, Between(0, 6)] = 0

    target_true: Annotated[int, Between(1, 63)] = 15  # output spikes of the true class
    target_false: Annotated[int, Between(0, 63)] = 3  # output spikes of the others
    # Per sample, eligibility in units of tau_membrane.
    learning_rate: Annotated[float, Between(0.0, 10.0)] = 0.01
    learning_rate_end: Share = 0.05  # share of the rate that is left at the end
    # Credit of lower hidden layers is noisier, and at the full rate it silences them.
    lower_rate: Share = 0.2  # share of the rate in hidden layers below the last
    homeostasis: Annotated[float, Between(0.0, 100.0)] = 1.0
    wake: bool = True  # hidden neurons that have fallen silent, see docs/rule.md
    # Spikes of a hidden neuron in a sample.
    target_rate: Annotated[float, Between(0.0, 63.0)] = 0.2

    def __post_init__(self) -> None:
        check_fields(self)
        check_together(self)

    @property
    def window_steps(self) -> int:
        """Steps within which input spikes arrive."""
        return max(1, round(self.steps * self.window_s / self.duration_s))

    def weight_limit_of(self, layer: int) -> float:
        """The largest weight to a layer; hidden layers count from 0, outputs last."""
        share = self.hidden_range if layer < len(self.hidden) else 1.0
        return self.weight_limit * share


# Settings that came later, and what networks had before they did: only others are kept
# in artifacts and plans, so that the digests of earlier ones stay what they were.
EARLIER: dict[str, Any] = {"kind": None, "input_impulse": None, "wake": False}


def kept_settings(config: Config) -> dict[str, Any]:
    """The settings by name, as artifacts and plans keep them."""
    values = asdict(config)
    return {k: v for k, v in values.items() if k not in EARLIER or v != EARLIER[k]}


def check_hidden(hidden: tuple[int, ...]) -> None:
    """Refuse a network of outputs alone, without frozen layers. Errors: InputError."""
    if not hidden:
        raise InputError("hidden must name at least one layer, such as (400,), not ()")


def check_together(config: Any) -> None:
    """Refuse values that do not go together. Errors: InputError."""
    try:
        config.dataset.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"dataset is {config.dataset!r}, which is not valid UTF-8; rename the file"
        ) from None
    if config.target_false >= config.target_true:
        raise InputError(
            f"target_false must be below target_true, {config.target_true}, not "
            f"{config.target_false}: the true class shall spike most"
        )
    if config.window_s > config.duration_s:
        raise InputError(
            f"window_s must be at most duration_s, {config.duration_s}, not "
            f"{config.window_s}: input has to end before the presentation does"
        )
    if config.tau_membrane_s <= config.tau_synapse_s:
        raise InputError(
            f"tau_membrane_s must be greater than tau_synapse_s, "
            f"{config.tau_synapse_s}, not {config.tau_membrane_s}"
        )


def read_config(path: Path, kind: type = Config) -> dict[str, Any]:
    """The values that a TOML file sets, checked for the names and types of `kind`.

    Errors: InputError for a file that is missing or is not TOML, for an unknown
    name, and for a value of the wrong type or outside its range.
    """
    content = first_bytes(
        path, TOML_MOST + 1, "cannot be read", "give another --config"
    )
    if len(content) > TOML_MOST:
        raise InputError(
            f"{path}: has more than {TOML_MOST:,} bytes; allowed is a TOML file with a "
            "line for each setting"
        )
    with reading(f"{path}: is not a TOML file", "its lines are such as `epochs = 3`"):
        values = tomllib.loads(content.decode())
    try:
        return known_settings(values, kind)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def known_settings(values: dict[str, Any], kind: type = Config) -> dict[str, Any]:
    """Settings by name, each of the type that `kind` declares. Errors: InputError."""
    hints = declared(kind)
    for name in values:
        if name not in hints:
            raise InputError(unknown_choice("a setting", name, sorted(hints)))
    return {name: checked(name, hints[name], value) for name, value in values.items()}
