"""A wheel has every file, installs where nothing is, and gives the same integers."""

import os
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

import lava_sfdfa as ls

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]
# What a wheel is made of. A build writes beside it, so a copy is built.
SOURCES = (
    "lava_sfdfa",
    "deploy",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
SETTINGS = {"hidden": [30], "epochs": 2, "limit": 300}
TRAINING = f"""
import lava_sfdfa as ls
print(ls.__file__, ls.train("digits", **{SETTINGS}).digest)
"""
SECONDS = 60


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    copy.mkdir()
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, copy / name, symlinks=True, ignore=unwanted)
        else:
            shutil.copyfile(source, copy / name)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, copy)
    (made,) = folder.glob("*.whl")
    return made


def pip(python, *arguments):
    command = [
        python,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        *arguments,
    ]
    subprocess.run(command, check=True)


def test_the_wheel_has_every_file(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "lava_sfdfa").rglob("*.py")
    }
    deploy = {
        f"lava_sfdfa/{path.relative_to(CHECKOUT).as_posix()}"
        for path in (CHECKOUT / "deploy").rglob("*.py")
    }
    assert len(deploy) > 30
    assert inside == package | deploy | {"lava_sfdfa/py.typed"}


def test_it_installs_in_a_minute_and_learns_the_same(wheel, tmp_path):
    start = time.monotonic()
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip(python, "install", wheel)
    seconds = time.monotonic() - start
    # Nothing of the checkout is found from there, and nothing compiled is left over.
    (tmp_path / "elsewhere").mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    learned = subprocess.run(
        [python, "-W", "ignore", "-c", TRAINING],
        cwd=tmp_path / "elsewhere",
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    file, digest = learned.stdout.split()
    assert Path(file).is_relative_to(tmp_path / "venv")
    assert digest == ls.train("digits", **SETTINGS).digest
    assert seconds < SECONDS
