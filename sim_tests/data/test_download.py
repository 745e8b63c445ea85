"""One file from a server on this machine that has the faults of others."""

import hashlib
import random
import time

import pytest
from serving import serving

from lava_sfdfa.data import download as downloads
from lava_sfdfa.data import transfer
from lava_sfdfa.data.download import Wanted, download
from lava_sfdfa.errors import LONGEST, InputError, Stopped

CONTENT = random.Random(1).randbytes(300_000)
SIZE = len(CONTENT)
REMEDY = "Copy the files."


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with serving() as served:
        served.files["a.gz"] = CONTENT
        yield served


def wanted(server, folder, size=SIZE, is_limit=False, content=CONTENT):
    md5 = hashlib.md5(content).hexdigest()
    return Wanted(server.url + "a.gz", folder / "a.gz", md5, size, is_limit, REMEDY)


def nothing(*args):
    pass


def refused(server, folder, match, **options):
    """The download is refused with this sentence."""
    with pytest.raises(InputError, match=match) as caught:
        download(wanted(server, folder, **options), nothing)
    assert len(str(caught.value)) <= LONGEST
    assert not (folder / "a.gz").exists()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def break_off(server, folder, after=100_000):
    """A download whose connection ends; what was asked is forgotten."""
    server.ends_after = after
    refused(server, folder, f"it ended after {after:,} of 300,000.*{after:,} bytes of ")
    server.ends_after = None
    server.asked.clear()
    (part,) = folder.iterdir()
    assert part.stat().st_size == after
    return part


# --- sizes -------------------------------------------------------------------------


@pytest.mark.parametrize("announced", [SIZE + 1, SIZE - 1])
def test_another_size_is_refused_before_a_byte_is_read(server, tmp_path, announced):
    server.announced = announced
    refused(server, tmp_path, f"announces {announced:,} bytes, but a.gz has 300,000 b")
    assert names(tmp_path) == []


@pytest.mark.parametrize("is_limit", [False, True])
def test_who_sends_more_is_cut_off(server, tmp_path, is_limit):
    server.announced, server.more = 0, 50_000_000
    seen = []
    with pytest.raises(InputError, match=r"sends more, .*300,000 bytes; nothing of it"):
        download(wanted(server, tmp_path, is_limit=is_limit), lambda *a: seen.append(a))
    assert max(done for _, done, _ in seen) <= SIZE
    assert names(tmp_path) == []


def test_a_size_that_is_a_limit_may_be_less(server, tmp_path):
    refused(server, tmp_path, "has at most 299,999", size=SIZE - 1, is_limit=True)
    download(wanted(server, tmp_path, size=SIZE + 1000, is_limit=True), nothing)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


# --- time --------------------------------------------------------------------------


@pytest.mark.parametrize("head", [False, True])
def test_who_drips_is_ended(server, tmp_path, monkeypatch, head):
    monkeypatch.setattr(downloads, "START_S", 0.4)
    monkeypatch.setattr(downloads, "LEAST_RATE", 10 * SIZE)
    server.drips, server.drips_head = 0.01, head
    begin = time.monotonic()
    kept = "nothing" if head else r"\d+ bytes"
    refused(server, tmp_path, rf"took longer than .* size\); {kept} of .* kept")
    assert 0.4 < time.monotonic() - begin < 3
    assert len(names(tmp_path)) == (0 if head else 1)


def test_a_larger_file_has_more_time(server, tmp_path, monkeypatch):
    limits = []

    def request(url, headers, limit_s):
        limits.append(limit_s)
        return transfer.request(url, headers, limit_s)

    monkeypatch.setattr(downloads, "request", request)
    for size in (SIZE, SIZE + 65_536 * 100):
        download(wanted(server, tmp_path, size=size, is_limit=True), nothing)
    assert limits[0] > 60 and limits[1] - limits[0] == 100


def test_a_server_that_says_nothing_is_ended(server, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT_S", 0.2)
    server.drips, server.drips_head = 10, True
    refused(server, tmp_path, r"no answer for 0.2 s")


# --- to go on ----------------------------------------------------------------------


def test_the_next_run_goes_on(server, tmp_path):
    part = break_off(server, tmp_path)
    assert part.name.startswith("a.gz.") and part.name.endswith(".part")
    seen = []
    download(wanted(server, tmp_path), lambda *args: seen.append(args))
    assert server.asked == [("/a.gz", "bytes=100000-")]
    assert seen[0][1] > 100_000 and seen[-1] == ("a.gz", SIZE, SIZE)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT and names(tmp_path) == ["a.gz"]


@pytest.mark.parametrize(
    ("change", "requests"),
    [
        ({"ranges": False}, 1),
        ({"range_status": 416}, 2),
        ({"etag": '"two"'}, 2),
        ({"etag": ""}, 2),
    ],
)
def test_what_cannot_go_on_begins_again(server, tmp_path, change, requests):
    break_off(server, tmp_path)
    for name, value in change.items():
        setattr(server, name, value)
    download(wanted(server, tmp_path), nothing)
    assert len(server.asked) == requests and server.asked[0][1] == "bytes=100000-"
    assert (tmp_path / "a.gz").read_bytes() == CONTENT and names(tmp_path) == ["a.gz"]


def test_a_file_of_another_size_begins_again(server, tmp_path):
    break_off(server, tmp_path)
    server.files["a.gz"] = CONTENT[:200_000]
    refused(server, tmp_path, "announces 200,000 bytes")
    assert [asked for _, asked in server.asked] == ["bytes=100000-", None]
    assert names(tmp_path) == []


def test_a_page_that_is_sent_instead_keeps_the_part(server, tmp_path):
    part = break_off(server, tmp_path)
    server.ranges, server.files["a.gz"] = False, b"log in first"
    refused(server, tmp_path, "announces 12 bytes, but a.gz has 300,000 bytes")
    assert part.stat().st_size == 100_000


def test_a_damaged_part_is_tried_once_more_from_nothing(server, tmp_path):
    part = break_off(server, tmp_path)
    part.write_bytes(bytes(100_000))
    download(wanted(server, tmp_path), nothing)
    assert [asked for _, asked in server.asked] == ["bytes=100000-", None]
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_a_wrong_file_is_tried_once_more_and_no_more(server, tmp_path):
    break_off(server, tmp_path)
    server.files["a.gz"] = CONTENT[:-1] + b"?"
    refused(server, tmp_path, "has the MD5 .* nothing was kept")
    assert [asked for _, asked in server.asked] == ["bytes=100000-", None]
    assert names(tmp_path) == []


@pytest.mark.parametrize("size", [SIZE, SIZE + 1])
def test_a_part_that_is_too_long_is_not_used(server, tmp_path, size):
    break_off(server, tmp_path).write_bytes(bytes(size))
    download(wanted(server, tmp_path), nothing)
    assert server.asked == [("/a.gz", None)]
    assert names(tmp_path) == ["a.gz"]


def test_a_part_that_is_whole_needs_no_server(server, tmp_path):
    break_off(server, tmp_path).write_bytes(CONTENT)
    download(wanted(server, tmp_path), nothing)
    assert server.asked == [] and names(tmp_path) == ["a.gz"]


def test_an_error_of_the_server_keeps_the_part(server, tmp_path):
    break_off(server, tmp_path)
    del server.files["a.gz"]
    refused(server, tmp_path, r"HTTP status 404, .*; 100,000 bytes .*\. Copy the files")
    assert len(names(tmp_path)) == 1


def test_ctrl_c_keeps_what_came(server, tmp_path):
    def stop(file, done, total):
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(
        Stopped, match=r"Ctrl-C: [\d,]+ bytes of a.gz are kept.*goes on"
    ):
        download(wanted(server, tmp_path), stop)
    server.asked.clear()
    download(wanted(server, tmp_path), nothing)
    assert server.asked[0][1] > "bytes=1" and len(server.asked) == 1
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_ctrl_c_at_the_beginning_says_so(server, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "request", stop)
    with pytest.raises(Stopped, match="nothing of a.gz was kept"):
        download(wanted(server, tmp_path), nothing)


def test_a_full_disk_is_no_fault_of_the_network(server, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "flush", full)
    refused(server, tmp_path, "a.gz: cannot be written .No space left.*--data-dir")


# --- other places and proxies ------------------------------------------------------


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/a.gz"])
def test_redirects_to_other_schemes_are_refused(server, tmp_path, monkeypatch, place):
    monkeypatch.setenv("ftp_proxy", server.url)
    server.redirect = place
    refused(
        server, tmp_path, f"{place}.*(not allowed|only http and https are followed)"
    )
    assert len(server.asked) == 1 and names(tmp_path) == []


def test_a_redirect_to_http_is_followed(server, tmp_path):
    with serving() as first:
        first.redirect = server.url + "a.gz"
        download(wanted(first, tmp_path), nothing)
    assert server.asked and (tmp_path / "a.gz").read_bytes() == CONTENT


def test_a_redirect_without_end_is_a_sentence(server, tmp_path):
    server.redirect = server.url + "a.gz"
    refused(server, tmp_path, "HTTP status 302, .*infinite loop")


def test_a_proxy_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    with serving() as absent:
        url = absent.url
    absent.url = url  # nobody listens there any more
    download(wanted(absent, tmp_path), nothing)
    assert server.asked == [(url + "a.gz", None)]  # proxies are asked by the whole URL


def test_no_proxy_is_obeyed(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    download(wanted(server, tmp_path), nothing)
    assert server.asked == [("/a.gz", None)]
    server.files.clear()
    with pytest.raises(InputError, match=r"HTTP status 404, [^,]*\); nothing"):
        download(wanted(server, tmp_path), nothing)  # and no proxy is named


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named_without_its_password(
    server, tmp_path, monkeypatch, scheme
):
    monkeypatch.setenv(f"{scheme}_proxy", "http://me:secret@127.0.0.1:9")
    server.url = f"{scheme}://example.invalid/"
    with pytest.raises(
        InputError, match=f"proxy 127.0.0.1:9 of {scheme}_proxy"
    ) as seen:
        download(wanted(server, tmp_path), nothing)
    assert "secret" not in str(seen.value) and "Connection refused" in str(seen.value)
