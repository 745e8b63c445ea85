"""What the tests share: small networks and spikes, and the folder of the data."""

import importlib.util
from pathlib import Path

import pytest

if importlib.util.find_spec("hypothesis") is not None:  # the extras do without it
    from hypothesis import settings

    # A machine may be busy: how long a case takes is no fault of it.
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")

SHARED = Path(__file__).parents[2] / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases"


@pytest.fixture
def data_dir() -> Path:
    """The folder with the published data sets; the test is skipped without it."""
    if not DATA.is_dir():
        pytest.skip(f"the published data sets are not here ({DATA.name}/ is missing)")
    return DATA


@pytest.fixture
def cases() -> Path:
    """The folder of small inputs that went wrong; the test is skipped without it."""
    if not CASES.is_dir():
        pytest.skip(f"the cases are not here ({CASES.name}/ is missing)")
    return CASES


# --- the suites beside `make test`: a board, and the extras ------------------------

collect_ignore = ["board_stand_in"]
if importlib.util.find_spec("nir") is None or importlib.util.find_spec("torch") is None:
    collect_ignore.append("extras")  # `make test-extras` has an environment for them


def pytest_ignore_collect(collection_path, config):
    if collection_path.name == "hardware" and config.getoption("--target") == "sim":
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """With `--target board` the tests of the board alone."""
    if config.getoption("--target") == "board":
        on_board = [item for item in items if "hardware" in item.path.parts]
        config.hook.pytest_deselected(items=[i for i in items if i not in on_board])
        items[:] = on_board


def pytest_terminal_summary(terminalreporter, config):
    """Say what was not run on a board."""
    if config.getoption("--target") != "board":
        return
    skipped = terminalreporter.getreports("skipped")
    terminalreporter.section("on a board")
    terminalreporter.line(f"run: {len(terminalreporter.getreports('passed'))} passed")
    for report in skipped:
        name = report.nodeid.split("::")[-1]
        terminalreporter.line(f"NOT RUN: {name}: {report.longrepr[2]}")
