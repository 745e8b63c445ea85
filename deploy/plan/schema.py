"""What a plan is made of: its facts and arrays by name, each with its type and range.

What follows from other parts is only named here: `check.py` makes it again and
compares.
"""

import math
from typing import Annotated, Any, get_args, get_origin

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.config import Eligibility
from lava_sfdfa.deploy.mapping.costs import ENDS
from lava_sfdfa.deploy.mapping.graph import LAYER_MOST, Mode, Population
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.fields import Between, checked, declared
from lava_sfdfa.network.fixed import FixedLayer
from lava_sfdfa.network.frozen import MOST
from lava_sfdfa.network.rule import Rule

AGAIN = "compile the artifact again"
TEXT_MOST = 10_000  # letters of a text
DEPTH_MOST = 10  # objects and lists in one another
DIMENSIONS_MOST = 32  # of a sample, as in numpy


def _holds(field: widths.Field) -> Any:
    return Annotated[int, Between(field.minimum, field.maximum)]


Amount = Annotated[float, Between(0.0, 1e18)]
Count = Annotated[int, Between(0, 2**48)]  # times the steps of a sample below 2**63
Size = Annotated[int, Between(1, LAYER_MOST)]

IN_ARRAYS = ("weights", "feedback", "bias")  # of the fields of `FixedLayer`
RANGES = {  # of fields whose range stands in `widths`
    "du": widths.DECAY,
    "dv": widths.DECAY,
    "vth": widths.THRESHOLD,
    "impulse": widths.TRACE,
}
LAYER_FIELDS: dict[str, Any] = {
    name: _holds(RANGES[name]) if name in RANGES else hint
    for name, hint in declared(FixedLayer).items()
    if name not in (*IN_ARRAYS, "rule")  # which stands as `scales` and `rules`
}
SCALE = Annotated[
    tuple[int, ...],
    Between(widths.SCALE_MANTISSA.minimum, widths.SCALE_EXPONENT.maximum),
]
OPTIONAL = ("wake_step", "jump", "decay", "front", "has_bias")  # may be left out
Pair = Annotated[tuple[int, ...], Between(0, MOST)]  # `FrozenLayer` says how many
FRONT_FIELDS: dict[str, Any] = {
    "kernel_shape": Annotated[tuple[int, ...], Between(1, MOST)],
    "input_shape": Pair,
    "du": _holds(widths.DECAY),
    "dv": _holds(widths.DECAY),
    "vth": _holds(widths.THRESHOLD),
    "stride": Pair,
    "padding": Pair,
    "dilation": Pair,
    "groups": Annotated[int, Between(1, MOST)],
    "channels_first": bool,
    "has_bias": bool,
}

# A dictionary has these names and no others, a list any number of what its one entry
# says, and `dict` is an object that `check.py` compares with what it has to be.
FACTS: dict[str, Any] = {
    "chip": str,
    "mode": Mode,
    "artifact_digest": str,
    "dataset": str,
    "config": dict,
    "image_shape": Annotated[tuple[int, ...], Between(1, LAYER_MOST)],
    "eligibility": Eligibility,
    "n_learned": Count,
    "network": dict,
    "layers": [
        {
            **LAYER_FIELDS,
            "has_bias": bool,
            "scales": {name: SCALE for name in declared(Rule)},
            "rules": dict,
        }
    ],
    "front": [FRONT_FIELDS],
    "populations": [{**declared(Population), "size": Size}],
    "projections": list,
    "feedback_rule": str,
    "period": int,
    "phases": dict,
    "costs": {
        "board": str,
        "energy_per_sample_joule": dict,
        "time_per_sample_s": dict,
        "energy_by_kind": {end: dict for end in ENDS},
        "constants": dict,
        "spike_hops_per_sample": Amount,
        "sequential_hops_per_sample": Amount,
        "messages_per_sample": Amount,
        "messages_between_chips_per_sample": Amount,
        "samples_measured": Annotated[int, Between(1, 2**31)],
    },
}
ARRAYS = {
    "slice_population": np.int32,
    "slice_begin": np.int64,
    "slice_end": np.int64,
    "slice_core": np.int32,
    "core_place": np.int32,
    "core_chip": np.int32,
    "core_use": np.int64,  # the only one of two dimensions
    "connection_projection": np.int32,
    "connection_slice": np.int32,
    "connection_words": np.int32,
    "connection_first": np.int64,
    "axon_in_first": np.int64,
    "axon_in_connection": np.int32,
    "axon_in_source": np.int32,
    "axon_in_row": np.int32,
    "axon_out_first": np.int64,
    "axon_out_core": np.int32,
    "axon_out_axon": np.int32,
    "weights": np.int8,
    "rates": np.int32,
}
ARRAYS_MAY = {"kernels": np.int8, "biases": np.int32}  # where layers have them


def check_schema(facts: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Errors: InputError, for the first thing that is not what a plan is made of."""
    _check_plain("", facts)
    _check_value("", FACTS, facts)
    n_all = len(facts["layers"]) + len(facts.get("front", ()))
    if not facts["layers"] or len(facts["populations"]) <= n_all:
        raise InputError(
            f"layers and populations have {n_all} and {len(facts['populations'])} "
            "entries; a plan has a layer at least, and a population "
            f"more than layers; {AGAIN}"
        )
    for number, layer in enumerate(facts.get("front", ())):
        if len(layer["kernel_shape"]) != 4:
            raise InputError(
                f"front[{number}].kernel_shape must have 4 entries, not "
                f"{len(layer['kernel_shape'])}; {AGAIN}"
            )
    for number, layer in enumerate(facts["layers"]):
        _check_scales(f"layers[{number}].scales", layer["scales"])
    _check_digest(facts["artifact_digest"])
    may = {name: kind for name, kind in ARRAYS_MAY.items() if name in arrays}
    _check_names("the arrays", {**ARRAYS, **may}, arrays)
    for name, array in arrays.items():
        _check_array(name, array)


# --- facts ------------------------------------------------------------------------


def _check_plain(where: str, value: Any, depth: int = 0) -> None:
    """Refuse, anywhere in the facts, what would fit no field: numbers that are not
    finite or need more than 64 bits, endless texts, and lists in lists without end."""
    if depth > DEPTH_MOST:
        raise InputError(f"{where} lies deeper than any part of a plan; {AGAIN}")
    if isinstance(value, dict):
        for name, entry in value.items():
            _check_plain(inside(where, name), entry, depth + 1)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            _check_plain(f"{where}[{number}]", entry, depth + 1)
    elif isinstance(value, str):
        if len(value) > TEXT_MOST:
            raise InputError(
                f"{where} is a text of {len(value):,} letters; {TEXT_MOST:,} are "
                f"allowed; {AGAIN}"
            )
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where} must be a finite number, not {value}; {AGAIN}")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InputError(f"{where} must be a number of 64 bits; {AGAIN}")


def _check_value(where: str, spec: Any, value: Any) -> None:
    """Compare a value with its entry in `FACTS`."""
    if isinstance(spec, dict):
        _check_kind(where, dict, value)
        _check_names(where or "the plan", spec, value)
        for name, entry in value.items():
            _check_value(inside(where, name), spec[name], entry)
    elif isinstance(spec, list):
        _check_kind(where, list, value)
        for number, entry in enumerate(value):
            _check_value(f"{where}[{number}]", spec[0], entry)
    elif spec in (dict, list):
        _check_kind(where, spec, value)
    else:
        _check_leaf(where, spec, value)


def _check_leaf(where: str, hint: Any, value: Any) -> None:
    """Compare a number, a text, or a list of integers with its declaration."""
    is_list = get_origin(hint) is Annotated and get_origin(get_args(hint)[0]) is tuple
    if is_list or isinstance(value, (dict, list)):
        _check_kind(where, list if is_list else None, value)
    if is_list and not 1 <= len(value) <= DIMENSIONS_MOST:
        raise InputError(
            f"{where} must have 1 to {DIMENSIONS_MOST} entries, not {len(value)}; "
            f"{AGAIN}"
        )
    try:
        checked(where, hint, value)
    except InputError as error:
        raise InputError(f"{error}; {AGAIN}") from None


def _check_kind(where: str, kind: type | None, value: Any) -> None:
    """kind: dict or list, or None for what is neither."""
    words: dict[Any, str] = {dict: "an object", list: "a list", None: "a single value"}
    if kind is None or not isinstance(value, kind):
        found = words.get(type(value), repr(value))
        raise InputError(
            f"{where or 'the plan'} must be {words[kind]}, not {found}; {AGAIN}"
        )


def _check_names(where: str, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Refuse a name that is unknown, and one that is missing."""
    for name in found:
        if name not in wanted:
            raise InputError(
                f"{unknown_choice(f'a name in {where}', name[:40], wanted)}; {AGAIN}"
            )
    for name in wanted:
        if name not in found and name not in OPTIONAL:
            raise InputError(f"{name!r} is missing in {where}; {AGAIN}")


def _check_scales(where: str, scales: dict[str, list[int]]) -> None:
    """A scale is a mantissa and an exponent, and a second tag has two."""
    for name, pair in scales.items():
        if len(pair) != 2:
            raise InputError(
                f"{where}.{name} must be a mantissa and an exponent, not {pair}; "
                f"{AGAIN}"
            )
    if ("jump" in scales) != ("decay" in scales):
        raise InputError(f"{where} must have jump and decay, or neither; {AGAIN}")


def _check_digest(text: str) -> None:
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise InputError(
            f"artifact_digest must be 64 hexadecimal digits, not {text[:80]!r}; {AGAIN}"
        )


def inside(where: str, name: str) -> str:
    """Where a field stands, in letters that every terminal can show."""
    shown = name[:40].encode("unicode_escape").decode()
    return f"{where}.{shown}" if where else shown


# --- arrays -----------------------------------------------------------------------


def _check_array(name: str, array: Any) -> None:
    """Type and dimensions."""
    wanted, dimensions = (
        np.dtype({**ARRAYS, **ARRAYS_MAY}[name]),
        2 if name == "core_use" else 1,
    )
    if not isinstance(array, np.ndarray) or array.dtype != wanted:
        found = getattr(array, "dtype", type(array).__name__)
        raise InputError(f"{name} must be an array of {wanted}, not {found}; {AGAIN}")
    if array.ndim != dimensions:
        raise InputError(
            f"{name} must have {dimensions} dimensions, not the shape {array.shape}; "
            f"{AGAIN}"
        )
