"""The errors a user can cause, each with the exit code of the command line.

Every message says what is wrong, where, what was found, what is allowed and
what to do. Everything else that escapes is a fault of ours.
"""

import difflib
from collections.abc import Iterable

SHOWN = 60  # letters of a value in a sentence
# Letters of a message, and those at its beginning and end that are always told.
LONGEST, BEGINNING, END = 480, 300, 160


class SfdfaError(Exception):
    """Base of all errors of this package; `exit_code` ends the command line.

    A message is one line that can be printed, whatever names and values it tells.
    """

    exit_code = 1

    def __init__(self, message: str):
        super().__init__(in_one_line(message))


class CheckError(SfdfaError):
    """A check failed, or a network does not fit its target."""

    exit_code = 1


class InputError(SfdfaError):
    """A file, an option or a value that the user gave cannot be used."""

    exit_code = 2


class BackendError(SfdfaError):
    """A backend or an optional package that the command needs is missing."""

    exit_code = 3


class Stopped(KeyboardInterrupt):
    """Ctrl-C ended a training; the message says what it left."""

    exit_code = 2


class TrainingWarning(UserWarning):
    """A training goes wrong, or its data let it learn little."""


def in_one_line(text: str) -> str:
    """A message without line breaks and control characters, cut in its middle where it
    is long: what is wrong stands at the beginning, and what to do at the end."""
    if len(text) > LONGEST:
        text = f"{text[:BEGINNING]} ... {text[-END:]}"
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def unknown_choice(what: str, value: object, allowed: Iterable[object]) -> str:
    """The sentence about a value that is none of those allowed."""
    choices = [str(choice) for choice in allowed]
    found = shown(value)
    near = difflib.get_close_matches(found.strip("'").lower(), choices, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{what} must be one of {', '.join(choices)}, not {found}{hint}"


def shown(value: object) -> str:
    """A value of the user in a sentence, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return f"{type(value).__name__} that is too large to be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
