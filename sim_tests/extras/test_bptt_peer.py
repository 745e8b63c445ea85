"""The comparison with BPTT in snnTorch runs at its smallest size."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "snntorch", reason="snntorch is not installed; see make test-extras"
)

SCRIPT = Path(__file__).parents[2] / "scripts" / "bptt_peer.py"


def test_both_are_timed_in_one_run(tmp_path):
    options = ["--dataset=digits", "--limit=200", "--repeats=1", "--epochs=1"]
    options += ["--most-epochs=2"]
    command = [sys.executable, str(SCRIPT), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["tool"] for row in rows] == ["lava-sfdfa", "snntorch"]
    assert rows[0]["epochs"] == 1 and rows[1]["epochs"] in (1, 2)
    for row in rows:
        assert row["seconds"] > 0 and row["test_accuracy"] > 0.15
