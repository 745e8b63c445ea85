"""A trained network on disk: HDF5, versioned, with a digest of its content.

The file holds plain numbers, strings and arrays in groups, nothing pickled. The
digest covers everything but the group `provenance` (times, versions of libraries),
so that equal training gives equal digests on every machine.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.errors import InputError
from lava_sfdfa.quantise import FixedLayer, FixedNetwork
from lava_sfdfa.rule import Rule, Scale

FORMAT = "lava-sfdfa"
VERSION = 1
NAME = "network.h5"  # of an artifact in the folder of a run


@dataclass(frozen=True)
class Artifact:
    """A fixed-point network with the state that training left, and its history."""

    config: Config  # the network and its training in real units
    data_digest: str  # of the samples
    shape: tuple[int, ...]  # of one image
    network: FixedNetwork  # with the trained weights and feedback weights
    rates: tuple[np.ndarray, ...]  # running mean of spike counts, a hidden layer each
    n_learned: int  # samples learned so far
    record: dict[str, np.ndarray]  # curves of the training, an entry an epoch
    provenance: dict[str, Any] = field(default_factory=dict)  # not in the digest

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return content_digest(to_content(self))

    @property
    def epochs_done(self) -> int:
        """Full epochs of training."""
        return len(self.record.get("train_accuracy", ()))


# --- content: nested dictionaries of numbers, strings and arrays --------------------


def to_content(artifact: Artifact) -> dict[str, Any]:
    """What the digest covers, as nested dictionaries."""
    network = artifact.network
    layers = {}
    for number, layer in enumerate(network.layers):
        values = {
            entry.name: getattr(layer, entry.name)
            for entry in dataclasses.fields(layer)
            if entry.name != "rule"
        }
        for entry in dataclasses.fields(layer.rule):
            scale = getattr(layer.rule, entry.name)
            if scale is not None:
                pair = [scale.mantissa, scale.exponent]
                values[f"{entry.name}_scale"] = np.array(pair, np.int64)
        if number < network.n_hidden:
            values["rate"] = artifact.rates[number]
        layers[str(number)] = values
    config = {
        name: np.array(value, np.int64) if name == "hidden" else value
        for name, value in dataclasses.asdict(artifact.config).items()
        if value is not None
    }
    return {
        "config": config,
        "data_digest": artifact.data_digest,
        "image_shape": np.array(artifact.shape, np.int64),
        "n_learned": artifact.n_learned,
        "network": {
            "steps": network.steps,
            "target_true": network.target_true,
            "target_false": network.target_false,
            "feedback_kind": network.feedback_kind,
            "rounding": network.rounding,
            "seed": network.seed,
            "loss": network.loss,
        },
        "layers": layers,
        "record": artifact.record,
    }


def from_content(content: dict[str, Any], provenance: dict[str, Any]) -> Artifact:
    """The inverse of `to_content`."""
    layers, rates = [], []
    for number in range(len(content["layers"])):
        values = dict(content["layers"][str(number)])
        if "rate" in values:
            rates.append(values.pop("rate"))
        scales = {
            entry.name: Scale(*values.pop(f"{entry.name}_scale").tolist())
            for entry in dataclasses.fields(Rule)
            if f"{entry.name}_scale" in values
        }
        layers.append(FixedLayer(rule=Rule(**scales), **values))
    config = dict(content["config"])
    config["hidden"] = tuple(int(size) for size in config["hidden"])
    return Artifact(
        config=Config(**config),
        data_digest=content["data_digest"],
        shape=tuple(int(size) for size in content["image_shape"]),
        network=FixedNetwork(layers=tuple(layers), **content["network"]),
        rates=tuple(rates),
        n_learned=content["n_learned"],
        record=content["record"],
        provenance=provenance,
    )


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


# --- files ------------------------------------------------------------------------


def save_artifact(path: Path, artifact: Artifact) -> str:
    """Write an artifact and return its digest.

    Written to a temporary file and renamed: the old file stays whole until the
    new one is. Errors: InputError where the folder cannot be written.
    """
    return save_content(path, to_content(artifact), artifact.provenance)


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


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to, which then takes its place.

    Nothing half-written is ever seen, and nothing is left where writing fails.
    Errors: InputError where the folder or the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
    except OSError as error:
        raise InputError(
            f"{path.parent}: cannot be written ({error.strerror}); choose another --out"
        ) from None
    temporary = Path(name)
    try:
        yield temporary
        make_readable(temporary)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error})") from None
    finally:
        temporary.unlink(missing_ok=True)


def make_readable(path: Path) -> None:
    """Give a temporary file, which is private, the mode of any new file."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


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


def load_artifact(path: Path) -> Artifact:
    """Read an artifact; `path` is the file, or the folder of a run.

    Errors: InputError for a file that is missing, is no artifact, is of a newer
    format, or whose content does not have its digest.
    """
    content, provenance = load_content(path)
    if content.get("precision") == "float":
        raise InputError(
            f"{path}: holds a network in floating point, which no chip can hold; give "
            "one that was trained without --precision float"
        )
    with damage_reported(path):
        return from_content(content, provenance)


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
