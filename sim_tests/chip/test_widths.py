"""The chip's numbers against Lava's own constants, where Lava is installed."""

import numpy as np
import pytest

from lava_sfdfa.chip import widths


def test_widths_follow_from_the_ranges():
    assert widths.WIDTHS == {
        "weights": 8,
        "feedback": 8,
        "tag": 9,
        "traces": 7,
        "y": 8,
        "u": 24,
        "v": 24,
        "decay": 12,
    }


def test_a_field_knows_what_it_holds():
    assert widths.WEIGHT.holds(np.array([-128, 127]))
    assert not widths.WEIGHT.holds(np.array([0, 128]))
    assert not widths.WEIGHT.holds(np.array([-129, 0]))


def test_learning_widths_are_those_of_lava():
    pytest.importorskip("lava.magma", reason="lava-nc is not installed")
    from lava.magma.core.learning import constants

    assert widths.TRACE.bits == widths.TRACE_WIDTH == constants.W_TRACE
    assert widths.TAG.bits == widths.VARIABLE_WIDTH == constants.W_TAG_1_S
    assert widths.MANTISSA_WIDTH == constants.W_S_MANT
    assert widths.PRODUCT_WIDTH == constants.W_ACCUMULATOR_U
    assert widths.FRACTION_BITS == constants.W_ACCUMULATOR_U - constants.W_WEIGHTS_U


def test_the_cache_of_compiled_code_knows_all_its_sources():
    """All that the kernels import, directly or not, lies in the folders that the cache
    watches, but for what holds neither kernels nor constants of theirs."""
    import ast
    from pathlib import Path

    from lava_sfdfa.engine import cache

    outside = {"data.events", "errors", "files", "types"}
    seen, todo = set(), ["engine.sample", "reference.engine"]
    while todo:
        name = todo.pop()
        seen.add(name)
        path = cache.PACKAGE / f"{name.replace('.', '/')}.py"
        for node in ast.walk(ast.parse(Path(path).read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if not node.module.startswith("lava_sfdfa."):
                continue
            module = node.module.removeprefix("lava_sfdfa.")
            parts = [module]
            if (cache.PACKAGE / module).is_dir():
                parts = [f"{module}.{alias.name}" for alias in node.names]
            todo += [part for part in parts if part not in seen | outside]
    network = {
        "network.fixed",
        "network.rule",
    }  # parameters, which reach them as values
    assert {"engine.synapses", "chip.random", "chip.protocol"} < seen
    for name in seen - network:
        assert name.split(".")[0] in cache.SOURCES, name
