"""Nested dictionaries on disk: HDF5, versioned, with a digest of the content."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.hdf5.reader import Group, read_file
from lava_sfdfa.hdf5.writer import write_hdf5

FORMAT = "lava-sfdfa"

VERSION = 1

NAME = "network.h5"  # of an artifact in the folder of a run
PLAN_NAMES = ("plan.json", "plan.h5")  # of a plan, which is none

PROBLEM = "is not a readable artifact"
AGAIN = "train again or take a copy"
REMEDY = f"it is truncated, damaged or something else; {AGAIN}"


def content_digest(content: dict[str, Any]) -> str:
    """SHA-256 over names, types, shapes and little-endian bytes, in sorted order."""
    digest = hashlib.sha256()

    def visit(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name in sorted(value):
                visit(f"{path}/{name}", value[name])
            return
        if isinstance(value, (bool, int, float, str)):
            digest.update(f"{path}={value!r};".encode())
            return
        array = np.ascontiguousarray(value)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{path}:{array.dtype.str}{array.shape};".encode())
        digest.update(array.tobytes())

    visit("", {"format": FORMAT, "version": VERSION, **content})
    return digest.hexdigest()


def save_content(path: Path, content: dict[str, Any], provenance: dict) -> str:
    """Write nested dictionaries of numbers, strings and arrays; see `save_artifact`."""
    digest = content_digest(content)

    def fill(file: Any) -> None:
        file.attrs["format_version"] = VERSION
        file.attrs["format"] = FORMAT
        file.attrs["digest"] = digest
        _write(file, content)
        file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)

    with replacing(path) as temporary:
        write_hdf5(temporary, fill)
    return digest


def _write(group: Any, content: dict[str, Any]) -> None:
    for name, value in content.items():
        if isinstance(value, dict):
            _write(group.create_group(name), value)
        elif isinstance(value, (bool, int, float, str)):
            group.attrs[name] = value
        else:
            group.create_dataset(name, data=np.asarray(value))


def _merged(group: Group) -> dict[str, Any]:
    """Attributes and entries as `_write` got them. Errors: ValueError for a name that
    is both."""
    content: dict[str, Any] = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in group.attributes.items()
    }
    for name, entry in group.entries.items():
        if name in content:
            raise ValueError(f"{name} stands there twice")
        content[name] = _merged(entry) if isinstance(entry, Group) else entry
    return content


def is_plan(path: Path) -> bool:
    """Whether this is the folder of a plan, or one of its files."""
    return (path / PLAN_NAMES[0]).is_file() or path.name in PLAN_NAMES


@contextlib.contextmanager
def damage_reported(path: Path) -> Iterator[None]:
    """Turn the errors that a damaged file causes into ours, with its path."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}; {AGAIN}") from None
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {PROBLEM} ({error}); {REMEDY}") from None


def load_content(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `save_content` wrote, checked, and its provenance."""
    folder = path if path.is_dir() else path.parent
    if is_plan(path) and is_plan(folder) and not (path / NAME).is_file():
        raise InputError(
            f"{path}: is a plan, not an artifact; `check` proves a plan and shows what "
            "it holds, and `run` runs it"
        )
    if path.is_dir():
        path = path / NAME
    if not path.is_file():
        raise InputError(f"{path}: there is no such artifact; `train` makes one")
    file = read_file(path, PROBLEM, REMEDY)
    _check_format(path, file)
    with damage_reported(path):
        content = _merged(file)
        digest, provenance = content.pop("digest"), content.pop("provenance")
        del content["format"], content["format_version"]
        if content_digest(content) != digest:
            raise InputError(
                f"is damaged: its content does not have the digest {digest!r:.80} that "
                "it carries"
            )
        return content, checked_provenance(provenance)


def is_in_float(content: dict[str, Any]) -> bool:
    """Whether this is the content of a network in floating point."""
    precision = content.get("precision")
    return isinstance(precision, str) and precision == "float"  # an array is neither


def checked_provenance(text: Any) -> dict[str, Any]:
    """What stands beside the content: names and plain values. Errors: InputError;
    ValueError, TypeError and RecursionError for what is not JSON."""
    provenance = json.loads(text)
    is_plain = isinstance(provenance, dict) and all(
        isinstance(value, (str, int, float, bool, type(None)))
        for value in provenance.values()
    )
    if not is_plain or not isinstance(provenance.get("dataset", ""), str):
        raise InputError(
            "provenance must be an object of texts and numbers, with the name of the "
            f"data set as a text, not {text!r:.80}"
        )
    return provenance


def _check_format(path: Path, file: Group) -> None:
    found = file.attributes.get("format")
    if not isinstance(found, str) or found != FORMAT:
        raise InputError(
            f"{path}: is an HDF5 file, but not an artifact of lava-sfdfa; allowed is a "
            "file that `train` wrote"
        )
    version = file.attributes.get("format_version")
    if not isinstance(version, np.integer) or not 1 <= version <= VERSION:
        raise InputError(
            f"{path}: has the format version {version!s:.40}; this lava-sfdfa reads 1 "
            f"to {VERSION}; install a newer one"
        )
