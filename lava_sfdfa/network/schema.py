"""What an artifact is made of: every field of its file, its type, range and shape.

The digest of a file proves that nothing changed; anyone can make one. So whatever is
read is compared with what the package declares: settings with `Config`, layers with
`FixedLayer`, and what no dataclass declares with the tables here. Errors are InputError
and name the field, what was found, and what is allowed.
"""

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import numpy as np

from lava_sfdfa.chip.protocol import RATE_BITS
from lava_sfdfa.config import EARLIER, Config, Kind, known_settings
from lava_sfdfa.data.classes import MOST_CLASSES
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.series import PARTS, POINTS_MOST
from lava_sfdfa.data.tables import FIELDS_LEAST, FIELDS_MOST
from lava_sfdfa.errors import InputError, shown, unknown_choice
from lava_sfdfa.fields import Between, checked, declared
from lava_sfdfa.network.checks import check_array
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.rule import Rule
from lava_sfdfa.types import Array

DIMENSIONS_MOST = 32  # of a sample, as in numpy
ROW_MOST = 10_000  # integers in a row, such as the sizes of layers
Count = Annotated[int, Between(0, 2**48)]  # times the steps of a sample below 2**63
Positive = Annotated[float, Between(1e-300, 1e300)]

# The names of a file, those that may be missing apart.
ARTIFACT = (
    "config",
    "data_digest",
    "image_shape",
    "n_learned",
    "network",
    "layers",
    "record",
)
ARTIFACT_MAY = ("reading", "no_rule", "front")
READING = {"kind": Kind, "shape": None, "classes": str, "points": None}
READING_MAY = {"top": Positive, "knots": None, "n_fields": None}

# Curves of a training: what they have an entry for beside the epochs, and their range.
ANY, LAYER, HIDDEN = range(3)
SHARE, COUNT = Between(0.0, 1.0), Between(0.0, 1e18)
CURVES: dict[str, tuple[int, Between]] = {
    "train_accuracy": (ANY, SHARE),
    "val_accuracy": (ANY, SHARE),
    "learning_share": (ANY, SHARE),
    "spikes": (LAYER, COUNT),
    "weights_changed": (LAYER, SHARE),
    "weights_at_limit": (LAYER, SHARE),
    "alignment": (HIDDEN, Between(-1.001, 1.001)),  # a cosine, rounded
    "silent": (HIDDEN, COUNT),
}
SATURATION = "saturation_"  # begins the names of shares of each layer


@contextlib.contextmanager
def inside(where: str) -> Iterator[None]:
    """Say in errors where they are."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def check_names(found: Any, wanted: Any, may: Any = ()) -> None:
    """Refuse what has no names, an unknown one, and one that is missing. may: names
    that may be missing, beside those that are wanted."""
    if not isinstance(found, dict):
        raise InputError(f"must be a group of fields, not {shown(found)}")
    for name in found:
        if name not in wanted and name not in may:
            raise InputError(unknown_choice("a field", name, sorted([*wanted, *may])))
    for name in sorted(wanted):
        if name not in found:
            raise InputError(f"the field {name!r} is missing")


def numbered(groups: Any) -> list[Any]:
    """What stands under 0, 1, 2 and so on, at least under 0."""
    n_groups = len(groups) if isinstance(groups, dict) else 1
    check_names(groups, [str(number) for number in range(n_groups or 1)])
    return [groups[str(number)] for number in range(n_groups)]


def integers(name: str, value: Any, range_: Between, least: int = 1) -> tuple[int, ...]:
    """A row of integers, at least so many."""
    check_array(name, value, np.int64, (None,))
    hint = Annotated[tuple[int, ...], range_]
    if not least <= len(value) <= ROW_MOST:
        raise InputError(
            f"{name} must have {least} to {ROW_MOST} entries, not {len(value)}"
        )
    numbers: tuple[int, ...] = checked(name, hint, value.tolist())
    return numbers


def settings_of(kind: Any, values: Any) -> Any:
    """The settings of a file, as a dataclass such as `Config`, which is `kind`.

    Files leave out those that are None, and later ones with the value of before.
    """
    hints = declared(kind)
    earlier = {name: value for name, value in EARLIER.items() if name in hints}
    may = {*earlier, *(name for name in hints if allows_none(hints[name]))}
    with inside("config"):
        check_names(values, hints.keys() - may, may)
        hidden = integers("hidden", values["hidden"], Between(1, 2**31), least=0)
        return kind(**{**earlier, **known_settings({**values, "hidden": hidden}, kind)})


def allows_none(hint: Any) -> bool:
    """Whether a declared type is of a value that may be None."""
    args = get_args(hint)
    return type(None) in args or any(type(None) in get_args(arg) for arg in args)


def shape_of(value: Any, n_inputs: int) -> tuple[int, ...]:
    """The shape of a sample, which has as many values as the network has inputs."""
    shape = integers("image_shape", value, Between(1, 2**31))
    if len(shape) > DIMENSIONS_MOST or math.prod(shape) != n_inputs:
        raise InputError(
            f"image_shape is {shown(shape)}; it must have as many values as the "
            f"network has inputs, {n_inputs}, in at most {DIMENSIONS_MOST} dimensions"
        )
    return shape


# --- layers ---------------------------------------------------------------------------


def check_layer(values: Any, is_hidden: bool) -> None:
    """Names of a layer: the fields of `FixedLayer`, with its rule as scales."""
    scales = {f"{entry.name}_scale": entry for entry in dataclasses.fields(Rule)}
    entries = {entry.name: entry for entry in dataclasses.fields(FixedLayer)}
    entries = {**entries, **scales}
    may = {name for name, entry in entries.items() if entry.default is None}
    rate = {"rate"} if is_hidden else set()
    check_names(values, entries.keys() - may - {"rule"} | rate, may)
    for name in scales.keys() & values.keys():
        check_array(name, values[name], np.int64, (2,))


def front_of(groups: Any) -> tuple[FrozenLayer, ...]:
    """The frozen layers of a file."""
    with inside("front"):
        groups = numbered(groups)
    layers = []
    for number, values in enumerate(groups):
        with inside(f"front/{number}"):
            check_names(values, declared(FrozenLayer).keys() - {"bias"}, {"bias"})
            layers.append(FrozenLayer(**values))
    return tuple(layers)


def check_network(values: Any) -> None:
    """Names of what holds for all layers: the other fields of `FixedNetwork`."""
    with inside("network"):
        check_names(values, declared(FixedNetwork).keys() - {"layers", "front"})


def check_rate(rate: Any, n_post: int, steps: int) -> None:
    """Running means of spikes: a spike in every step is the most."""
    check_array("rate", rate, np.int32, (n_post,))
    most = steps << RATE_BITS
    if rate.min() < 0 or rate.max() > most:
        raise InputError(
            f"rate has {rate.min()} to {rate.max()}; it must be between 0 and {most}, "
            "a spike in every step"
        )


def check_agrees(network: FixedNetwork, config: Config, has_rule: bool) -> None:
    """The network is one that the settings describe."""
    wanted = {
        "steps": config.steps,
        "target_true": config.target_true,
        "target_false": config.target_false,
        "feedback_kind": config.feedback,
        "rounding": config.rounding,
        "seed": config.seed,
        "loss": config.loss,
    }
    for name, value in wanted.items():
        if getattr(network, name) != value:
            raise InputError(
                f"network: {name} is {getattr(network, name)!r}, but config says "
                f"{value!r}; they have to be equal"
            )
    check_sizes(network.sizes, config.hidden)
    for number, layer in enumerate(network.layers):
        if has_rule and (layer.rule.jump is not None) != (
            config.eligibility == "recursive"
        ):
            raise InputError(
                f"layers/{number}: jump_scale does not go with the eligibility "
                f"{config.eligibility!r}; only the recursive one has it"
            )


def check_sizes(sizes: tuple[int, ...], hidden: tuple[int, ...]) -> None:
    """The settings name the hidden layers that there are."""
    if sizes[1:-1] != hidden:
        raise InputError(
            f"config: hidden is {shown(hidden)}, but the layers have "
            f"{shown(sizes[1:-1])} hidden neurons; they have to be equal"
        )


# --- the record -----------------------------------------------------------------------


def check_record(
    record: Any, sizes: tuple[int, ...], wanted: tuple[str, ...] = ()
) -> None:
    """Curves have an entry an epoch, and numbers in their range; what an earlier
    version did not record is NaN. wanted: curves that have to be there."""
    n_layers = len(sizes) - 1
    with inside("record"):
        names = record if isinstance(record, dict) else ()
        saturation = [name for name in names if name.startswith(SATURATION)]
        check_names(record, wanted, [*CURVES, *saturation])
        n_epochs = {len(np.atleast_1d(curve)) for curve in record.values()}
        if len(n_epochs) > 1 or 0 in n_epochs:
            raise InputError(
                f"has curves of {shown(sorted(n_epochs))} epochs; all must have the "
                "same number, one at least"
            )
        for name, curve in record.items():
            place, range_ = CURVES.get(name, (LAYER, SHARE))
            more: tuple[int, ...] = ((), (n_layers,), (n_layers - 1,))[place]
            _check_curve(name, curve, (*n_epochs, *more), range_)


def _check_curve(
    name: str, curve: Any, shape: tuple[int, ...], range_: Between
) -> None:
    kind = np.int64 if getattr(curve, "dtype", None) == np.int64 else np.float64
    check_array(name, curve, kind, shape)
    may_lack = name != "learning_share"  # which a training goes on with
    right = (curve >= range_.low) & (curve <= range_.high)
    right |= np.isnan(curve) & may_lack
    if not right.all():
        raise InputError(f"{name} must be {range_}, not {curve[~right][0]}")


# --- how samples are read -------------------------------------------------------------


def reading_of(values: Any, n_inputs: int, n_out: int) -> Reading:
    """How samples of one's own are read, for a network of these sizes."""
    with inside("reading"):
        check_names(values, READING, READING_MAY)
        for name, hint in {**READING, **READING_MAY}.items():
            if hint is not None and name in values:
                checked(name, hint, values[name])
        integers("shape", values["shape"], Between(1, 2**31))
        checked("points", Annotated[int, Between(0, POINTS_MOST)], values["points"])
        _check_classes(values["classes"], n_out)
        _check_code(values)
        reading = Reading.from_content(values)
        if math.prod(reading.input_shape) != n_inputs:
            raise InputError(
                f"shape is {shown(reading.shape)}, which makes "
                f"{math.prod(reading.input_shape)} inputs; the network has {n_inputs}"
            )
        return reading


def _check_classes(text: str, n_out: int) -> None:
    """Names of classes in JSON, integers or texts, not more than outputs."""
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if (
        not isinstance(names, list)
        or not 1 <= len(names) <= min(n_out, MOST_CLASSES)
        or {type(name) for name in names} not in ({int}, {str})
        or len(set(names)) < len(names)
    ):
        raise InputError(
            f"classes must be 1 to {n_out} names in JSON, all integers or all texts, "
            f"not {shown(text)}"
        )


def _check_code(values: dict[str, Any]) -> None:
    """The population code of tables and series; others have none."""
    kind = values["kind"]
    has_code = {"knots", "n_fields"} & values.keys()
    if kind not in ("table", "series"):
        if has_code or values["points"]:
            raise InputError(
                f"{kind} has no knots, n_fields or points, but they stand there"
            )
        return
    check_names(values, [*READING, "knots", "n_fields"], READING_MAY)
    n_fields = Annotated[int, Between(FIELDS_LEAST, FIELDS_MOST)]
    checked("n_fields", n_fields, values["n_fields"])
    knots, n_features = values["knots"], _n_features(values)
    check_array("knots", knots, np.float64, (n_features, None))
    if not np.isfinite(knots).all() or (np.diff(knots) < 0).any() or not knots.size:
        raise InputError("knots must be finite numbers that rise along each row")


def _n_features(values: dict[str, Any]) -> int:
    shape = tuple(values["shape"].tolist())
    if values["kind"] == "table":
        return math.prod(shape)
    if len(shape) != 2 or values["points"] < 1:
        raise InputError(
            f"shape is {shown(shape)} and points {values['points']}; series have "
            "channels and a length, and a point at least"
        )
    return shape[0] * (values["points"] + PARTS)


def matrices(
    name: str, groups: Any, shapes: list[tuple[Any, ...]]
) -> tuple[Array, ...]:
    """Finite float32 matrices under 0, 1, 2 and so on, of these shapes."""
    with inside(name):
        check_names(groups, [str(number) for number in range(len(shapes))])
        found = [groups[str(number)] for number in range(len(shapes))]
        for number, (matrix, shape) in enumerate(zip(found, shapes, strict=True)):
            check_array(str(number), matrix, np.float32, shape)
            if not matrix.size or not np.isfinite(matrix).all():
                raise InputError(f"{number} must hold finite numbers, at least one")
    return tuple(found)
