"""Files that once ended in a traceback, a crash or a wait: now each ends in a sentence.

A file of `corpus/` holds the files of one case, as `scripts/fuzz.py` writes them; its
name begins with that of its reader. What was found is in `corpus/README.md`.
"""

import sys
import time
import zipfile
from pathlib import Path

import pytest

from lava_sfdfa.errors import SfdfaError

HERE = Path(__file__).parent
CASES = sorted((HERE / "corpus").glob("*.zip"))
SCRIPTS = HERE.parent / "scripts"
SECONDS = 6  # the process that reads HDF5 may take two before it is ended


@pytest.fixture(scope="module")
def readers():
    """The readers that are fuzzed."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        from fuzzing.readers import READERS
    finally:
        sys.path.remove(str(SCRIPTS))
    return READERS


@pytest.mark.filterwarnings("default")  # as users have it
@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_what_went_wrong_once_is_refused(readers, tmp_path, path):
    zipfile.ZipFile(path).extractall(tmp_path)
    reader = readers[path.name.split("-")[0]]
    began = time.monotonic()
    with pytest.raises(SfdfaError) as caught:
        reader.read(tmp_path)
    assert 0 < len(str(caught.value)) < 500 and str(caught.value).isprintable()
    assert time.monotonic() - began < SECONDS


def test_every_reader_has_a_case(readers):
    assert {path.name.split("-")[0] for path in CASES} == set(readers)
    assert sum(path.stat().st_size for path in CASES) < 200_000


def test_a_case_is_the_same_for_the_same_seed(readers):
    reader = readers["toml"]
    reader.prepare()
    assert reader.case("toml", 1, 5) == reader.case("toml", 1, 5)
    assert reader.case("toml", 1, 5) != reader.case("toml", 1, 6)
