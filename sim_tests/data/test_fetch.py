"""Downloads, from a server on this machine."""

import functools
import hashlib
import http.server
import threading

import pytest

from lava_sfdfa.data import sources
from lava_sfdfa.data.fetch import fetch
from lava_sfdfa.errors import InputError


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A set `mnist` of two files, served from a folder; returns that folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        files = {}
        for name, content in (("a.gz", b"first" * 50_000), ("b.gz", b"second")):
            (folder / name).write_bytes(content)
            files[name] = hashlib.md5(content).hexdigest()
        url = f"http://127.0.0.1:{serving.server_port}/"
        source = sources.Source("a test", files, tuple(url + name for name in files))
        monkeypatch.setitem(sources.SOURCES, "mnist", source)
        yield folder
        serving.shutdown()


def nothing(*args):
    pass


def test_fetch_downloads_checks_and_reports(server, tmp_path):
    seen = []
    found = fetch("mnist", tmp_path / "data", lambda *args: seen.append(args))
    assert found.state == "present"
    content = (tmp_path / "data/mnist/a.gz").read_bytes()
    assert content == (server / "a.gz").read_bytes()
    assert seen[-1] == ("b.gz", 6, 6) and len(seen) > 2
    seen.clear()
    fetch("mnist", tmp_path / "data", lambda *args: seen.append(args))
    assert not seen  # the second time nothing is left to do


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    (server / "b.gz").write_bytes(b"other")
    with pytest.raises(InputError, match="has the MD5 .*nothing was kept"):
        fetch("mnist", tmp_path / "data", nothing)
    assert [path.name for path in (tmp_path / "data/mnist").iterdir()] == ["a.gz"]


def test_no_network_says_what_to_do(tmp_path, monkeypatch):
    source = sources.Source("a test", {"a.gz": "0"}, ("http://127.0.0.1:9/a.gz",))
    monkeypatch.setitem(sources.SOURCES, "mnist", source)
    with pytest.raises(InputError, match="Without a network, copy a.gz .*--data-dir"):
        fetch("mnist", tmp_path, nothing)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_set_without_checksums_is_fetched_by_hand(tmp_path):
    with pytest.raises(InputError, match=r"shd_train.h5.gz, .* into .*shd"):
        fetch("shd", tmp_path, nothing)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "shd").mkdir()
    for name in ("shd_train.h5.gz", "shd_test.h5.gz"):
        (tmp_path / "shd" / name).touch()
    assert fetch("shd", tmp_path, nothing).state == "unchecked"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        fetch("mnist", tmp_path / "file", nothing)


def test_bundled_sets_need_no_download():
    assert fetch("yin-yang", None, nothing).state == "generated"
    with pytest.raises(InputError, match="did you mean 'digits'"):
        fetch("digit", None, nothing)
