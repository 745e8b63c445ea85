"""Compiled code that is kept on disk and never stale.

numba keeps machine code beside a function's file and looks only at that file to
see whether it is still valid. Our kernels call functions of other files, so the
place of the cache carries a digest of all of them.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numba
from numba.core import config

from lava_sfdfa.files import user_cache

PACKAGE = Path(__file__).parent
# All that kernels are made of, beside their own files, which numba looks at itself.
SOURCES = ("chip", "engine", "reference")


def disk_cached(function: Callable) -> Callable:
    """Compile `function` with numba and keep the machine code on disk."""
    folder = _cache_folder()
    if folder is None:
        return numba.njit(nogil=True)(function)
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        return numba.njit(cache=True, nogil=True)(function)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


def _cache_folder() -> Path | None:
    """A writable folder for this version of the sources; None where there is none."""
    # NUMBA_BOUNDSCHECK=1 compiles kernels that check every index, to find faults.
    digest = hashlib.sha256(str(config.BOUNDSCHECK).encode())  # type: ignore
    for source in SOURCES:
        for path in sorted((PACKAGE / source).glob("*.py")):
            digest.update(path.read_bytes())
    name = f"numba-{digest.hexdigest()[:16]}"
    for base in (lambda: PACKAGE / "__pycache__", user_cache):
        try:
            folder = base() / name
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None
