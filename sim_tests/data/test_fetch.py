"""Downloads of data sets, from a server on this machine."""

import hashlib
import json

import pytest
from command_line import call
from serving import serving

from lava_sfdfa.commands import data
from lava_sfdfa.data import sources
from lava_sfdfa.data.fetch import MIRROR, fetch
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import locked

CONTENTS = {"a.gz": b"first" * 50_000, "b.gz": b"second"}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv(MIRROR, raising=False)


def source(url):
    """A set of two files, at this address."""
    files = {name: hashlib.md5(c).hexdigest() for name, c in CONTENTS.items()}
    sizes = tuple(len(content) for content in CONTENTS.values())
    return sources.Source("a test", files, tuple(url + name for name in files), sizes)


@pytest.fixture
def server(monkeypatch):
    """A set `mnist` of two files, served; what is served."""
    with serving() as served:
        served.files.update(CONTENTS)
        monkeypatch.setitem(sources.SOURCES, "mnist", source(served.url))
        yield served


def nothing(*args):
    pass


def test_fetch_downloads_checks_and_reports(server, tmp_path):
    seen = []
    found = fetch("mnist", tmp_path / "data", lambda *args: seen.append(args))
    assert found.state == "present"
    content = (tmp_path / "data/mnist/a.gz").read_bytes()
    assert content == CONTENTS["a.gz"]
    assert seen[-1] == ("b.gz", 6, 6) and len(seen) > 2
    seen.clear()
    fetch("mnist", tmp_path / "data", lambda *args: seen.append(args))
    assert not seen  # the second time nothing is left to do


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    server.files["b.gz"] = b"other!"
    with pytest.raises(InputError, match="has the MD5 .*nothing was kept"):
        fetch("mnist", tmp_path / "data", nothing)
    assert [path.name for path in (tmp_path / "data/mnist").iterdir()] == ["a.gz"]


def test_no_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sources.SOURCES, "mnist", source("http://127.0.0.1:9/"))
    with pytest.raises(InputError, match="Without a network, copy a.gz, b.*--data-dir"):
        fetch("mnist", tmp_path, nothing)
    assert list(tmp_path.iterdir()) == []


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
    with pytest.raises(InputError, match="mnist: cannot be written .*--data-dir"):
        fetch("mnist", tmp_path / "file", nothing)


def test_bundled_sets_need_no_download():
    assert fetch("yin-yang", None, nothing).state == "generated"
    with pytest.raises(InputError, match="did you mean 'digits'"):
        fetch("digit", None, nothing)


def test_every_set_that_is_fetched_has_sizes():
    for name, entry in sources.SOURCES.items():
        assert entry.by_hand or len(entry.sizes) == len(entry.files), name


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_sizes_are_those_of_the_published_files(data_dir, name):
    entry = sources.SOURCES[name]
    for file, size in zip(entry.files, entry.sizes, strict=True):
        assert (data_dir / name / file).stat().st_size == size


def test_a_mirror_is_asked_instead(server, tmp_path, monkeypatch):
    monkeypatch.setitem(sources.SOURCES, "mnist", source("http://127.0.0.1:9/"))
    monkeypatch.setenv(MIRROR, server.url + "sets/")
    assert fetch("mnist", tmp_path, nothing).state == "present"
    paths = [path for path, _ in server.asked]
    assert paths == ["/sets/mnist/a.gz", "/sets/mnist/b.gz"]


def test_a_mirror_that_lacks_a_file_is_named(server, tmp_path, monkeypatch):
    monkeypatch.setenv(MIRROR, server.url)
    del server.files["b.gz"]
    with pytest.raises(InputError, match=f"mnist/b.gz: .* 404.* Set another {MIRROR}"):
        fetch("mnist", tmp_path, nothing)
    assert (tmp_path / "mnist/a.gz").exists()


@pytest.mark.parametrize(
    "value",
    (
        *("ftp://server/", "server", "http://", "http://server:x", "file:///a"),
        *("http://a b", "http://[1", "http://server/?a", "http://s\u00e4"),
        "https://me:secret@server/",
    ),
)
def test_a_wrong_mirror_is_a_sentence(server, tmp_path, monkeypatch, value):
    monkeypatch.setenv(MIRROR, value)
    with pytest.raises(InputError, match=f"{MIRROR} must be the http or") as caught:
        fetch("mnist", tmp_path, nothing)
    assert "secret" not in str(caught.value) and not server.asked


def test_two_runs_do_not_write_the_same_files(server, tmp_path):
    with locked(tmp_path / "mnist"), pytest.raises(InputError, match="another run"):
        fetch("mnist", tmp_path, nothing)
    assert not server.asked


def test_a_set_that_another_run_has_fetched_is_not_fetched_again(
    server, tmp_path, monkeypatch
):
    folder, describe = tmp_path / "mnist", sources.describe

    def then_fetched(*args):
        state = describe(*args)
        folder.mkdir(exist_ok=True)
        for name, content in CONTENTS.items():
            (folder / name).write_bytes(content)
        return state

    monkeypatch.setattr(sources, "describe", then_fetched)
    fetch("mnist", tmp_path, nothing)
    assert not server.asked


def test_a_part_is_not_taken_for_the_file(server, tmp_path):
    server.ends_after = 3
    with pytest.raises(InputError, match="3 bytes of a.gz are kept"):
        fetch("mnist", tmp_path, nothing)
    state = sources.describe("mnist", tmp_path)
    assert [file.state for file in state.files] == ["missing", "missing"]


def test_a_damaged_file_stays_until_another_is_right(server, tmp_path):
    (tmp_path / "mnist").mkdir()
    file = tmp_path / "mnist/a.gz"
    file.write_bytes(b"damaged")
    server.ends_after = 3
    with pytest.raises(InputError):
        fetch("mnist", tmp_path, nothing)
    assert file.read_bytes() == b"damaged"
    server.ends_after = None
    fetch("mnist", tmp_path, nothing)
    assert file.read_bytes() == CONTENTS["a.gz"]


def test_the_command_has_no_noise_beside_json(server, tmp_path):
    result = call("data", "fetch", "mnist", "--data-dir", tmp_path, "--json")
    assert result.exit_code == 0 and result.stderr == ""
    assert json.loads(result.stdout)["state"] == "present"


def test_ctrl_c_of_the_command_says_how_to_go_on(server, tmp_path, monkeypatch):
    def stopped(name, data_dir, report):
        def stop(*args):
            raise KeyboardInterrupt

        return fetch(name, data_dir, stop)

    monkeypatch.setattr(data, "fetch", stopped)
    result = call("data", "fetch", "mnist", "--data-dir", tmp_path)
    assert result.exit_code == 2
    assert "bytes of a.gz are kept, and the next run goes on there" in result.stderr
