"""Kernels check no index, so they run here once with every index checked."""

import json
import os
import subprocess
import sys

import pytest

# All kinds of networks that other tests train, at their smallest.
CODE = """
import json
import numpy as np
import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode

CASES = (
    ([33], {}),
    ([1], {"feedback": "random"}),
    ([20, 5, 17], {"feedback": "symmetric"}),
    ([16, 40], {"rounding": "shared"}),
    ([20], {"eligibility": "recursive"}),
    ([20, 20], {"eligibility": "recursive", "rounding": "shared", "wake": False}),
    ([300], {"steps": 128, "loss": "margin"}),
)
digests = []
for hidden, settings in CASES:
    model = ls.train("digits", hidden=hidden, epochs=1, limit=60, **settings)
    if settings.get("feedback") != "symmetric":  # which no chip can
        model.compile(board="oheo-gulch").run(samples=2)
    digests.append(model.artifact.digest)
rng = np.random.RandomState(0)
table = ls.train((rng.randn(60, 3), np.arange(60) % 2), hidden=[9], epochs=1)
digests.append(table.artifact.digest)

part = encode(load_dataset("digits").train, model.artifact.config)
seen = "nothing"
if {check}:
    from lava_sfdfa.engine.engine import Engine

    try:
        Engine(model.artifact.network).classify(part.events, np.array([10**6]))
    except IndexError:
        seen = "IndexError"
print(json.dumps([digests, seen]))
"""


def run(check):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1" if check else "0"}
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        CODE.replace("{check}", str(check)),
    ]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_no_kernel_leaves_its_arrays():
    digests, seen = run(True)
    assert seen == "IndexError", "an index that is wrong is seen"
    assert run(False) == [digests, "nothing"]
    assert len(set(digests)) == len(digests)
