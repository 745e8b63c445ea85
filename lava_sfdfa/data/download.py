"""One file from a server: whole and right, or a part for the next run to go on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lava_sfdfa.data import parts
from lava_sfdfa.data.sources import md5_of
from lava_sfdfa.data.transfer import Answer, TransferError, request
from lava_sfdfa.errors import InputError, Stopped
from lava_sfdfa.files import flush, reason_of

Report = Callable[[str, int, int], None]  # a file, the bytes so far, and in all

# The time limit: connecting, and a rate that any line has. Who is slower goes on with
# the next run.
START_S, LEAST_RATE = 60, 2**16  # seconds; bytes a second
OK, PARTIAL, NOT_THAT_RANGE = 200, 206, 416  # of http


@dataclass(frozen=True)
class Wanted:
    """A file to download.

    size: in bytes, or the most that it may have (`is_limit`); elsewhere: what to do
    without a network, as a sentence.
    """

    url: str
    path: Path
    md5: str
    size: int
    is_limit: bool
    elsewhere: str


class _TooMuchError(InputError):
    """A server sends more than the file has."""


def download(wanted: Wanted, report: Report) -> None:
    """Download a file; it takes its name when its checksum is right.

    Until then it is `NAME.MARK.part`, which stays where the connection fails and is
    continued by the next run. Nobody else may write into the folder meanwhile.
    Errors: InputError if it cannot be downloaded, has another size or checksum, or
    cannot be written; Stopped after Ctrl-C.
    """
    try:
        part = _right_part(wanted, report)
        flush(part)
        part.replace(wanted.path)
        parts.remove(wanted.path)
    except _TooMuchError:
        parts.remove(wanted.path)
        raise
    except KeyboardInterrupt:
        raise Stopped(f"stopped by Ctrl-C: {parts.kept(wanted.path)}") from None
    except TransferError as error:
        raise InputError(
            f"{wanted.url}: cannot be downloaded ({error}); {parts.kept(wanted.path)}. "
            f"{wanted.elsewhere}"
        ) from None
    except OSError as error:
        raise InputError(
            f"{wanted.path}: cannot be written ({reason_of(error)}); choose another "
            "--data-dir"
        ) from None


def _right_part(wanted: Wanted, report: Report) -> Path:
    """A part that is all of the file, with the right checksum."""
    begun = parts.begun(wanted.path)
    if begun and md5_of(begun) == wanted.md5:  # a run was killed at its very end
        return begun
    part, goes_on = _receive(wanted, begun, report)
    if goes_on and md5_of(part) != wanted.md5:  # the beginning may have been damaged
        part.unlink()
        part, _ = _receive(wanted, None, report)
    if (md5 := md5_of(part)) == wanted.md5:
        return part
    part.unlink()
    raise InputError(
        f"{wanted.url}: has the MD5 {md5}, not {wanted.md5}; nothing was kept. Try "
        f"again, or put {wanted.path.name} from another source into "
        f"{wanted.path.parent}"
    )


def _receive(wanted: Wanted, begun: Path | None, report: Report) -> tuple[Path, bool]:
    """Receive what is lacking of a part, or all; return the part, and whether it goes
    on with what was there."""
    start = begun.stat().st_size if begun else 0
    if start >= wanted.size:  # and its checksum was wrong
        begun, start = None, 0
    limit_s = START_S + (wanted.size - start) / LEAST_RATE
    headers = {"Range": f"bytes={start}-"} if start else {}
    with request(wanted.url, headers, limit_s) as answer:
        total = _total(answer, start)
        part = parts.part_of(wanted.path, answer.headers, total)
        is_next = answer.status == PARTIAL and total is not None
        goes_on = begun == part and bool(start) and is_next
        if goes_on or answer.status == OK:
            _check_announced(wanted, total)
            if not goes_on:
                parts.remove(wanted.path)
            with part.open("ab" if goes_on else "wb") as file:
                done = start if goes_on else 0
                _write(wanted, answer, file, (done, total), report)
            return part, goes_on
    if start and answer.status in (PARTIAL, NOT_THAT_RANGE):  # it is another file now
        parts.remove(wanted.path)
        return _receive(wanted, None, report)
    raise TransferError(f"HTTP status {answer.status}, {answer.reason:.120}")


def _write(
    wanted: Wanted,
    answer: Answer,
    file: IO[bytes],
    progress: tuple[int, int | None],
    report: Report,
) -> None:
    """Write what comes behind what is there; progress: the bytes so far, and in all."""
    done, total = progress
    expected = total if wanted.is_limit else wanted.size
    for block in answer.blocks:
        done += len(block)
        if done > wanted.size:
            raise _TooMuchError(_wrong_size(wanted, "sends more"))
        file.write(block)
        report(wanted.path.name, done, expected or 0)
    if expected and done < expected:
        raise TransferError(f"it ended after {done:,} of {expected:,} bytes")


def _check_announced(wanted: Wanted, total: int | None) -> None:
    """Refuse a file of another size before its first byte is read.

    A part of the right one stays: some networks send a login page instead.
    """
    is_wrong = total is not None and (
        total > wanted.size if wanted.is_limit else total != wanted.size
    )
    if is_wrong:
        raise InputError(_wrong_size(wanted, f"announces {total:,} bytes"))


def _wrong_size(wanted: Wanted, what: str) -> str:
    allowed = f"{'at most ' * wanted.is_limit}{wanted.size:,}"
    return (
        f"{wanted.url}: {what}, but {wanted.path.name} has {allowed} bytes; nothing of "
        f"it was kept. Try again, or put {wanted.path.name} from another source into "
        f"{wanted.path.parent}"
    )


def _total(answer: Answer, start: int) -> int | None:
    """The bytes of the whole file, None where the server does not tell."""
    if answer.status != PARTIAL:
        return answer.length
    told = re.fullmatch(
        r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})", answer.headers.get("Content-Range", "")
    )
    return int(told[2]) if told and int(told[1]) == start else None
