"""Download published data sets, from where they are published or from a mirror."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from lava_sfdfa.data import sources
from lava_sfdfa.data.download import Report, Wanted, download
from lava_sfdfa.data.transfer import SCHEMES
from lava_sfdfa.errors import InputError, shown, unknown_choice
from lava_sfdfa.files import locked

MIRROR = "LAVA_SFDFA_MIRROR"


def fetch(name: str, data_dir: Path | None, report: Report) -> sources.DatasetState:
    """Download what is missing or damaged of a data set; return its state.

    report: called with the file, the bytes so far and the bytes in all (0 where
    unknown). Errors: InputError for an unknown name, a folder that cannot be written
    or into which another run writes, a wrong mirror, and as `download`; Stopped after
    Ctrl-C.
    """
    if name not in sources.NAMES:
        raise InputError(unknown_choice("the data set", name, sources.NAMES))
    state = sources.describe(name, data_dir)
    if not any(_lacks(entry) for entry in state.files):
        return state
    folder = Path(state.files[0].file).parent
    with locked(folder, "--data-dir"):
        _check_published(name, folder)
        for wanted in _wanted(name, data_dir):
            download(wanted, report)
    return sources.describe(name, data_dir)


def _lacks(entry: sources.FileState) -> bool:
    return entry.state in ("missing", "damaged")


def _check_published(name: str, folder: Path) -> None:
    source = sources.SOURCES[name]
    if source.by_hand:
        raise InputError(
            f"{name}: has no published checksums, so it is not fetched; download "
            f"{', '.join(source.files)} from {', '.join(source.urls)} into {folder}"
        )


def _wanted(name: str, data_dir: Path | None) -> list[Wanted]:
    """The files that are lacking; looked for again, as another run may have ended."""
    source = sources.SOURCES[name]
    files = sources.describe(name, data_dir).files
    places = zip(files, _urls(name), source.sizes, strict=True)
    return [
        Wanted(
            url=url,
            path=Path(entry.file),
            md5=str(entry.md5),
            size=size,
            is_limit=source.are_limits,
            elsewhere=_elsewhere(name, Path(entry.file).parent),
        )
        for entry, url, size in places
        if _lacks(entry)
    ]


def _elsewhere(name: str, folder: Path) -> str:
    """What to do where a server cannot be reached."""
    if os.environ.get(MIRROR):
        return f"Set another {MIRROR} or none, or copy the files into {folder}"
    files = ", ".join(sources.SOURCES[name].files)
    return (
        f"Without a network, copy {files} from another machine into "
        f"{folder}, or give the folder that holds {name}/ with --data-dir"
    )


def _urls(name: str) -> tuple[str, ...]:
    """Where the files of a set are: on the mirror alone, where one is set."""
    source = sources.SOURCES[name]
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return source.urls
    base = _checked(mirror).rstrip("/")
    return tuple(f"{base}/{name}/{file}" for file in source.files)


def _checked(mirror: str) -> str:
    """The base URL of a mirror. Errors: InputError where it is none."""
    try:
        parts = urlsplit(mirror)
        is_url = parts.scheme in SCHEMES and parts.hostname and parts.port != 0
    except ValueError:  # brackets, or a port that is none
        is_url = False
    if is_url and re.fullmatch(r"[!-~]+", mirror) and not set("@?#") & set(mirror):
        return mirror
    found = "one with a password" if "@" in mirror else shown(mirror)
    raise InputError(
        f"{MIRROR} must be the http or https address of a folder that holds a folder "
        f"for each data set, such as http://server:8000/data, not {found}"
    )
