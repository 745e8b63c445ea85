"""Nested dictionaries on disk: HDF5, versioned, with a digest of the content."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.files import replacing

FORMAT = "lava-sfdfa"

VERSION = 1

NAME = "network.h5"  # of an artifact in the folder of a run


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
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format_version"] = VERSION
        file.attrs["format"] = FORMAT
        file.attrs["digest"] = digest
        _write(file, content)
        file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)
    return digest


def _write(group: h5py.Group, content: dict[str, Any]) -> None:
    for name, value in content.items():
        if isinstance(value, dict):
            _write(group.create_group(name), value)
        elif isinstance(value, (bool, int, float, str)):
            group.attrs[name] = value
        else:
            group.create_dataset(name, data=np.asarray(value))


def _read(group: h5py.Group) -> dict[str, Any]:
    """Groups, attributes and datasets as nested dictionaries of Python values."""
    content: dict[str, Any] = {}
    for name, value in group.attrs.items():
        content[name] = value.item() if isinstance(value, np.generic) else value
    for name, entry in group.items():
        content[name] = _read(entry) if isinstance(entry, h5py.Group) else entry[()]
    return content


@contextlib.contextmanager
def damage_reported(path: Path):
    """Turn the errors that a damaged file causes into ours."""
    try:
        yield
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: is not a readable artifact ({error}); it is truncated, damaged "
            "or something else; train again or take a copy"
        ) from None


def load_content(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `save_content` wrote, checked, and its provenance."""
    if path.is_dir():
        path = path / NAME
    if not path.is_file():
        raise InputError(f"{path}: there is no such artifact; `train` makes one")
    with damage_reported(path):
        with h5py.File(path, "r") as file:
            _check_format(path, file)
            content = _read(file)
        digest, provenance = content.pop("digest"), content.pop("provenance")
        del content["format"], content["format_version"]
        if content_digest(content) != digest:
            raise InputError(
                f"{path}: is damaged: its content does not have the digest {digest!r} "
                "that it carries; train again or take a copy"
            )
        return content, json.loads(provenance)


def _check_format(path: Path, file: h5py.File) -> None:
    if file.attrs.get("format") != FORMAT:
        raise InputError(
            f"{path}: is an HDF5 file, but not an artifact of lava-sfdfa; allowed is a "
            "file that `train` wrote"
        )
    version = int(file.attrs["format_version"])
    if not 1 <= version <= VERSION:
        raise InputError(
            f"{path}: has the format version {version}; this lava-sfdfa reads 1 to "
            f"{VERSION}; install a newer one"
        )
