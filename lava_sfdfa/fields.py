"""Fields of a configuration that carry their range, checked wherever one is made.

A field is declared as `Annotated[int, Between(1, 100)]` or as `Literal["a", "b"]`;
`check_fields` reads the declaration, so that a range stands in one place.
"""

import dataclasses
import functools
import numbers
import types
import typing
from dataclasses import dataclass
from typing import Any

from lava_sfdfa.errors import InputError, shown, unknown_choice

UNIONS = (types.UnionType, typing.Union)


@dataclass(frozen=True)
class Between:
    """The inclusive range of a number, or of every number of a tuple."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"between {self.low} and {self.high}"


def check_fields(config: Any) -> None:
    """Give every field of a frozen dataclass the declared type, or refuse it by name.

    Errors: InputError for a value of another type, outside its range, or no choice.
    """
    for name, hint in declared(config.__class__).items():
        value = checked(name, hint, getattr(config, name))
        object.__setattr__(config, name, value)


def range_of(kind: type, name: str) -> Between:
    """The range of the numbers that the field `name` of a configuration may be."""
    range_ = typing.get_args(declared(kind)[name])[1]
    assert isinstance(range_, Between)
    return range_


@functools.cache
def declared(kind: Any) -> dict[str, Any]:
    """The declaration of each field of a dataclass, by name."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def choices(kind: type, name: str) -> tuple[str, ...]:
    """What the field `name` of a configuration may be."""
    hint = declared(kind)[name]
    if typing.get_origin(hint) in UNIONS:  # a choice, or None
        hint = typing.get_args(hint)[0]
    return typing.get_args(hint)


def checked(name: str, hint: Any, value: Any) -> Any:
    """`value` in the type that `hint` declares. Errors: InputError."""
    range_ = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, range_ = typing.get_args(hint)
    if typing.get_origin(hint) in UNIONS:  # a type, or None
        if value is None:
            return None
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is typing.Literal:
        if value not in typing.get_args(hint):
            raise InputError(unknown_choice(name, value, typing.get_args(hint)))
        return value
    if typing.get_origin(hint) is tuple:
        return _integers(name, range_, value)
    return _within(name, range_, _typed(name, hint, value))


def _typed(name: str, hint: type, value: Any) -> Any:
    """A bool, an int, a float or a text; 2 is a float too."""
    if hint is bool:
        if not isinstance(value, bool):
            raise InputError(f"{name} must be true or false, not {shown(value)}")
        return value
    kinds = {int: numbers.Integral, float: numbers.Real, str: str}
    if isinstance(value, bool) or not isinstance(value, kinds[hint]):
        words = {int: "an integer", float: "a number", str: "a text"}
        raise InputError(f"{name} must be {words[hint]}, not {shown(value)}")
    try:
        return hint(value)
    except OverflowError:  # an integer of hundreds of digits as a float
        raise InputError(f"{name} is beyond any float: {shown(value)}") from None


def _within(name: str, range_: Between | None, value: Any) -> Any:
    if range_ is not None and not range_.low <= value <= range_.high:
        raise InputError(f"{name} must be {range_}, not {shown(value)}")
    return value


def _integers(name: str, range_: Between | None, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    try:
        return tuple(_within(name, range_, _typed(name, int, each)) for each in values)
    except InputError as error:
        if len(values) == 1:
            raise
        raise InputError(f"{error}, which is one of {shown(value)}") from None
