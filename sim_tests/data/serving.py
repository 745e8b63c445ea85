"""A server on this machine, for tests of downloads, with the faults of others."""

import contextlib
import functools
import http.server
import threading
import time
from dataclasses import dataclass, field

DRIPS_MOST = 500  # bytes, so that a test of them ends in any case


@dataclass
class Served:
    """What the server has and does; a test changes it as it goes.

    files: contents by path. announced: a Content-Length, None for the right one, 0 for
    none; more: bytes behind the content; ends_after: bytes, then the connection ends;
    drips: seconds between bytes, of the head and of the content.
    """

    files: dict = field(default_factory=dict)
    etag: str = '"one"'
    ranges: bool = True
    range_status: int = 206
    announced: int | None = None
    more: int = 0
    ends_after: int | None = None
    drips: float = 0
    drips_head: bool = False
    redirect: str = ""
    asked: list = field(default_factory=list)  # path, Range
    url: str = ""


@contextlib.contextmanager
def serving():
    """Serve until the block ends; yields what is served."""
    served = Served()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            with contextlib.suppress(OSError):
                answer(self, served)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        serve = functools.partial(server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()
        served.url = f"http://127.0.0.1:{server.server_port}/"
        yield served
        server.shutdown()


def answer(handler, served):
    asked = handler.headers.get("Range")
    served.asked.append((handler.path, asked))
    content = served.files.get(handler.path.rpartition("/")[2])
    if served.redirect:
        handler.send_response(302)
        handler.send_header("Location", served.redirect)
        handler.end_headers()
    elif content is None:
        handler.send_error(404)
    elif served.drips_head:
        drip(handler, b"HTTP/1.0 200 OK\r\nX-Long: " + b"x" * 10_000, served.drips)
    else:
        send(handler, served, content, asked)


def send(handler, served, content, asked):
    start = int(asked[6:-1]) if asked and served.ranges else 0
    handler.send_response(served.range_status if start else 200)
    if start:
        bounds = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.send_header("Content-Range", bounds)
    if served.announced != 0:
        length = served.announced or len(content) - start
        handler.send_header("Content-Length", str(length))
    if served.etag:
        handler.send_header("ETag", served.etag)
    handler.end_headers()
    body = (content + bytes(served.more))[start : served.ends_after]
    if served.drips:
        drip(handler, body, served.drips)
    else:
        handler.wfile.write(body)


def drip(handler, body, seconds):
    for byte in body[:DRIPS_MOST]:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(seconds)
