"""Trees of values as files: with the checksums that a format has, so that readers go on
to what is wrong behind them."""

import gzip
import io
import struct
import zipfile
from random import Random
from typing import Any

import numpy as np

from lava_sfdfa.hdf5.reader import read_bytes
from lava_sfdfa.network.content import _merged, content_digest

PLACEHOLDER = "0" * 64  # of a digest
PACKINGS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
)


# --- zip: npz, N-MNIST -------------------------------------------------------------


def zip_bytes(rng: Random, files: dict[str, bytes]) -> bytes:
    """A zip file, with the checksums of its entries."""
    stream, packing = io.BytesIO(), rng.choice((*PACKINGS[:2] * 4, *PACKINGS))
    with zipfile.ZipFile(stream, "w", packing) as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content, packing)
    return stream.getvalue()


def npy_bytes(value: Any) -> bytes:
    """An array in numpy's format, or a head and bytes that may not belong to it."""
    if not isinstance(value, dict) or not {"descr", "shape", "data"} <= value.keys():
        stream = io.BytesIO()
        np.save(stream, np.asarray(value), allow_pickle=True)
        return stream.getvalue()
    head = {k: v for k, v in value.items() if k not in ("data", "version")}
    data, version = value["data"], value.get("version", 1)
    text = f"{head!r}\n".encode("latin-1", "replace")
    size = (
        struct.pack("<H", len(text) % 2**16)
        if version == 1
        else struct.pack("<I", len(text))
    )
    number = version % 256 if isinstance(version, int) else 1
    return (
        b"\x93NUMPY"
        + bytes([number, 0])
        + size
        + text
        + (data if isinstance(data, bytes) else b"")
    )


def opened_npy(array: np.ndarray) -> dict[str, Any]:
    """An array as what stands in its file, for mutations of the head."""
    return {
        "descr": array.dtype.str,
        "fortran_order": False,
        "shape": array.shape,
        "version": 1,
        "data": np.ascontiguousarray(array).tobytes(),
    }


# --- idx --------------------------------------------------------------------------


def idx_tree(array: np.ndarray) -> dict[str, Any]:
    """The parts of an idx file."""
    return {
        "type": 8,
        "axes": array.ndim,
        "shape": list(array.shape),
        "data": array.tobytes(),
    }


def idx_bytes(tree: Any) -> bytes:
    """An idx file of such parts, packed with gzip; what is no number is 0."""
    numbers = [v if isinstance(v, int) else 0 for v in _list(tree.get("shape"))]
    head = [tree.get(name, 0) for name in ("type", "axes")]
    data = tree.get("data", b"")
    content = bytes(
        [0, 0, *(v % 256 if isinstance(v, int) else 0 for v in head)]
    ) + b"".join((v % 2**32).to_bytes(4, "big") for v in numbers)
    return gzip.compress(content + (data if isinstance(data, bytes) else b""), 1)


def _list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


# --- HDF5 --------------------------------------------------------------------------


class Link:
    """An entry of an HDF5 file that leads elsewhere: soft, outer or hard."""

    def __init__(self, kind: str, target: str):
        self.kind, self.target = kind, target


LINKS = (
    Link("soft", "/nowhere"), Link("soft", "/"), Link("outer", "/etc/hostname"),
    Link("hard", "/"),
)  # fmt: skip


def hdf5_bytes(rng: Random, tree: Any, in_attributes: bool) -> bytes:
    """A file of groups and data sets; in_attributes: where numbers and texts stand, as
    in artifacts, else in data sets of their own. Errors: what h5py does not take."""
    import h5py

    options = rng.choice(
        ({}, {}, {}, {"compression": "gzip"}, {"shuffle": True, "chunks": True})
    )
    with h5py.File("x", "w", driver="core", backing_store=False) as file:
        _fill(h5py, file, tree, in_attributes, options)
        file.flush()
        return file.id.get_file_image()


def _fill(h5py: Any, group: Any, tree: Any, in_attributes: bool, options: dict) -> None:
    for name, value in tree.items():
        if isinstance(value, dict):
            _fill(h5py, group.create_group(name), value, in_attributes, options)
        elif isinstance(value, Link):
            _link(h5py, group, name, value)
        elif isinstance(value, list):
            _rows(h5py, group, name, value)
        elif in_attributes and isinstance(value, (bool, int, float, str, bytes)):
            group.attrs[name] = value
        else:
            array = np.asarray(value)
            array = array.astype("S") if array.dtype.kind == "U" else array
            packed = options if array.ndim else {}
            group.create_dataset(name, data=array, **packed)


def _link(h5py: Any, group: Any, name: str, link: Link) -> None:
    if link.kind == "hard":
        group[name] = group.file[link.target]
    elif link.kind == "soft":
        group[name] = h5py.SoftLink(link.target)
    else:
        group[name] = h5py.ExternalLink(link.target, "/")


def _rows(h5py: Any, group: Any, name: str, rows: list) -> None:
    """Rows of numbers, each of a length of its own."""
    arrays = [np.atleast_1d(np.asarray(row)).ravel() for row in rows]
    first = arrays[0].dtype if arrays else np.dtype("f4")
    data = group.create_dataset(name, (len(arrays),), h5py.vlen_dtype(first))
    for number, row in enumerate(arrays):
        data[number] = row


def signed_artifact(rng: Random, tree: Any) -> bytes:
    """An artifact of a tree, with the digest of its content."""
    content = hdf5_bytes(rng, tree, True)
    if tree.get("digest") != PLACEHOLDER:
        return content
    try:
        found = _merged(read_bytes(content, "x", "x"))
        for name in ("digest", "provenance", "format", "format_version"):
            found.pop(name, None)
        digest = content_digest(found)
    except Exception:  # refused, or no content that has a digest
        return content
    return content.replace(PLACEHOLDER.encode(), digest.encode())


# --- TOML --------------------------------------------------------------------------


def toml_bytes(tree: Any) -> bytes:
    """Lines of settings; what TOML has no word for is written as Python would."""
    lines = [f"{name} = {_toml(value)}" for name, value in tree.items()]
    return "\n".join(lines).encode("utf-8", "replace")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (list, np.ndarray)):
        return (
            "["
            + ", ".join(
                map(
                    _toml,
                    list(np.ravel(value)) if isinstance(value, np.ndarray) else value,
                )
            )
            + "]"
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    return str(value)
