"""Download published data sets: whole and right, or not at all."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from lava_sfdfa.data import sources
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.files import replacing

Report = Callable[[str, int, int], None]  # a file, the bytes so far, and in all

TIMEOUT_S = 30
BLOCK = 1 << 16


def fetch(name: str, data_dir: Path | None, report: Report) -> sources.DatasetState:
    """Download what is missing or damaged of a data set; return its state.

    report: called with the file, the bytes so far and the bytes in all (0 where
    unknown). Errors: InputError for an unknown name, a folder that cannot be
    written, no network, or a download with another checksum (which is thrown away).
    """
    if name not in sources.NAMES:
        raise InputError(unknown_choice("the data set", name, sources.NAMES))
    if name in sources.BUNDLED:
        return sources.describe(name, data_dir)
    source = sources.SOURCES[name]
    state = sources.describe(name, data_dir)
    lacking = [entry for entry in state.files if entry.state in ("missing", "damaged")]
    if not lacking:
        return state
    folder = Path(state.files[0].file).parent
    if source.by_hand:
        raise InputError(
            f"{name}: has no published checksums, so it is not fetched; download "
            f"{', '.join(source.files)} from {', '.join(source.urls)} into {folder}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}); choose another --data-dir"
        ) from None
    for entry, url in zip(state.files, source.urls, strict=True):
        if entry in lacking:
            _download(name, url, Path(entry.file), str(entry.md5), report)
    return sources.describe(name, data_dir)


def _download(name: str, url: str, path: Path, expected: str, report: Report) -> None:
    """One file: to a temporary name, checked, then renamed."""
    with replacing(path, "--data-dir") as temporary:
        try:
            with temporary.open("wb") as file:
                md5 = _copy(url, file, path.name, report)
        except (urllib.error.URLError, OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise InputError(
                f"{url}: cannot be downloaded ({reason}). Without a network, copy "
                f"{', '.join(sources.SOURCES[name].files)} from another machine into "
                f"{path.parent}, or give the folder that holds {name}/ with --data-dir"
            ) from None
        if md5 != expected:
            raise InputError(
                f"{url}: has the MD5 {md5}, not {expected}; nothing was kept. Try "
                f"again, or put {path.name} from another source into {path.parent}"
            )


def _copy(url: str, file: Any, title: str, report: Report) -> str:
    """Copy a URL into an open file; return the MD5 of what came."""
    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while block := answer.read(BLOCK):
            file.write(block)
            digest.update(block)
            done += len(block)
            report(title, done, total)
    return digest.hexdigest()
