"""Arrays in idx files."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array


def read_idx(path: Path) -> Array:
    """An array of unsigned bytes from an idx file, packed with gzip or not.

    Errors: InputError for a file that cannot be read, is truncated, or is none.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be unpacked ({error}); it is truncated or damaged, "
            "fetch it again"
        ) from None
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise InputError(
            f"{path}: is not an idx file of unsigned bytes; it begins with "
            f"{content[:4].hex()!r}, allowed is '000008' and the number of axes"
        )
    n_axes = content[3]
    head = 4 + 4 * n_axes
    sizes = content[4:head].ljust(4 * n_axes, b"\xff")  # cut off: impossibly large
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    expected = head + math.prod(shape)
    if len(content) != expected:
        raise InputError(
            f"{path}: has {len(content)} bytes, but its head says {expected}; it is "
            "truncated or damaged, fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)
