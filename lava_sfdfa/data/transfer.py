"""One request over http or https, which ends in time, whatever it waits for."""

import contextlib
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

SCHEMES = ("http", "https")
TIMEOUT_S = 30  # without a single byte
BLOCK, AHEAD = 2**16, 16  # bytes of a block; blocks that wait to be written
REASON_MOST = 120  # letters of what a server or a library says


class TransferError(Exception):
    """Why no bytes come, in a few words."""


@dataclass(frozen=True)
class Answer:
    """What a server sends.

    length: the bytes of this answer, None where it does not tell; blocks: these bytes.
    """

    status: int
    reason: str
    headers: Message
    length: int | None
    blocks: Iterator[bytes]


@contextlib.contextmanager
def request(url: str, headers: dict[str, str], limit_s: float) -> Iterator[Answer]:
    """Ask a server, through the proxies that the environment names.

    limit_s: for everything, in seconds. A thread of its own waits for the server, since
    the timeout of a socket begins again with every byte: one that sends a byte now and
    then would keep us for ever. Errors: TransferError, here and from the blocks.
    """
    came: queue.Queue[Any] = queue.Queue(AHEAD)
    has_ended = threading.Event()
    asked = urllib.request.Request(url, headers=headers)
    threading.Thread(target=_read, args=(asked, came, has_ended), daemon=True).start()
    end = time.monotonic() + limit_s

    def get() -> Any:
        left_s = end - time.monotonic()
        with contextlib.suppress(queue.Empty):
            found = came.get(timeout=max(left_s, 0))
            if left_s > 0:
                return _checked(found, url)
        raise TransferError(
            f"it took longer than {limit_s:,.0f} s, which is the limit for its size"
            f"{_through_proxy(url)}"
        )

    try:
        status, reason, found, length = get()
        yield Answer(status, reason, found, length, iter(get, b""))
    finally:
        has_ended.set()
        with contextlib.suppress(queue.Empty):
            while True:  # the thread may wait for room
                came.get_nowait()


def _read(
    asked: urllib.request.Request, came: queue.Queue[Any], has_ended: threading.Event
) -> None:
    """Pass on what comes: the head, the blocks and an empty one, or an exception."""
    try:
        with _opener().open(asked, timeout=TIMEOUT_S) as answer:
            came.put((answer.status, answer.reason, answer.headers, answer.length))
            left = answer.length
            while not has_ended.is_set():
                # read1, as read would wait for a full block
                block = answer.read1(BLOCK if left is None else min(BLOCK, left))
                came.put(block)
                if not block:
                    return
                left = None if left is None else left - len(block)
    except urllib.error.HTTPError as error:
        error.close()
        came.put((error.code, str(error.reason), error.headers, None))
    except Exception as error:  # of whatever kind; the other thread tells them apart
        came.put(error)


def _checked(found: Any, url: str) -> Any:
    """What the thread passed on. Errors: TransferError where the network failed."""
    if isinstance(found, (OSError, HTTPException, ValueError)):
        raise TransferError(f"{_why(found)}{_through_proxy(url)}")
    if isinstance(found, Exception):
        raise found
    return found


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"no answer for {TIMEOUT_S} s"
    text = getattr(reason, "strerror", None) or str(reason)
    return text[:REASON_MOST] or type(reason).__name__


def _opener() -> urllib.request.OpenerDirector:
    """What opens http and https alone; the usual one would open files and ftp, too."""
    proxies = urllib.request.getproxies()
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({s: proxies[s] for s in SCHEMES if s in proxies}),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> urllib.request.Request | None:
        """Follow a redirect, the last argument, to http and https alone."""
        if urlsplit(args[-1]).scheme not in SCHEMES:
            args[1].close()
            raise urllib.error.URLError(
                f"it redirects to {args[-1]:.60}, and only http and https are followed"
            )
        return super().redirect_request(*args)


def _through_proxy(url: str) -> str:
    """Which proxy was asked, in words, without its password."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy or urllib.request.proxy_bypass(parts.netloc):
        return ""
    return f", through the proxy {proxy.rpartition('@')[2]} of {parts.scheme}_proxy"
