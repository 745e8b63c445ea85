"""What the README shows runs as it is written."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import call

README = Path(__file__).parents[1] / "README.md"
HAS_LAVA = importlib.util.find_spec("lava") is not None
NEEDS_LAVA = "verify"  # the word in the lines that do


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.S)


def lines_that_run(block):
    """All lines, but for those that need Lava where it is not installed."""
    lines = block.splitlines()
    return [line for line in lines if HAS_LAVA or NEEDS_LAVA not in line]


def test_the_readme_is_short_enough_to_be_read():
    assert len(README.read_text().splitlines()) <= 150


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_scripts_run_as_written(number, tmp_path):
    script = blocks("python")[number]
    assert "import lava_sfdfa as ls" in script and len(script.splitlines()) < 15
    command = [sys.executable, "-c", "\n".join(lines_that_run(script))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if number == 0:
        accuracy, *rest = map(float, done.stdout.split())
        assert accuracy > 0.95 and rest[-1] > 0.9  # chance is 0.1
        assert not HAS_LAVA or rest[0] == 0  # mismatches
        assert (tmp_path / "mine.nir").exists() and (tmp_path / "plans").is_dir()


@pytest.mark.slow
def test_commands_run_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = [
        line.partition("#")[0]
        for block in blocks("sh")
        for line in lines_that_run(block)
        if line.startswith("lava-sfdfa ")
    ]
    assert len(commands) >= 9
    for command in commands:
        result = call(*shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}: {result.output}"


def test_links_lead_somewhere():
    for page in (README, *(README.parent / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
