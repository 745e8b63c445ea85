"""Arrays in idx files."""

import math
from pathlib import Path

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.foreign import DAMAGED, check_limit, first_bytes, reading
from lava_sfdfa.types import Array

UNSIGNED_BYTES = b"\x00\x00\x08"
HEAD_MOST = 4 + 4 * 255  # bytes, of as many axes as a byte can say
UNPACKED = "cannot be unpacked", DAMAGED


def read_idx(path: Path) -> Array:
    """An array of unsigned bytes from an idx file, packed with gzip or not.

    No more is unpacked than its head says. Errors: InputError for a file that cannot be
    read, is truncated, is none, or is larger than the limit.
    """
    shape = _shape(path, first_bytes(path, HEAD_MOST, *UNPACKED))
    head = 4 + 4 * len(shape)
    expected = head + math.prod(shape)
    check_limit(expected, f"{path}: what its head says")
    content = first_bytes(path, expected + 1, *UNPACKED)
    if len(content) != expected:
        found = "more" if len(content) > expected else f"only {len(content)}"
        raise InputError(
            f"{path}: has {found} bytes, but its head says {expected}; it is "
            "truncated or damaged, fetch it again"
        )
    with reading(f"{path}: is not an array of numpy", DAMAGED):  # of 33 axes
        return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _shape(path: Path, content: bytearray) -> tuple[int, ...]:
    """The sizes of the axes, from the first bytes of a file."""
    if len(content) < 4 or content[:3] != UNSIGNED_BYTES:
        raise InputError(
            f"{path}: is not an idx file of unsigned bytes; it begins with "
            f"{content[:4].hex()!r}, allowed is '000008' and the number of axes"
        )
    sizes = content[4 : 4 + 4 * content[3]]
    if len(sizes) != 4 * content[3]:
        raise InputError(
            f"{path}: ends within the sizes of its {content[3]} axes; {DAMAGED}"
        )
    return tuple(np.frombuffer(sizes, ">u4").tolist())
