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
    """What `engine.py` imports, directly or not, up to the configuration."""
    import ast
    from pathlib import Path

    from lava_sfdfa.engine import cache

    outside = {"compiled", "encoding", "errors", "config", "network"}  # no kernels
    folder = Path(cache.__file__).parent
    found, todo = set(), ["engine", "float_engine"]
    while todo:
        name = todo.pop()
        found.add(name)
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith(
                "lava_sfdfa"
            ):
                parts = node.module.split(".")[1:] or [
                    alias.name for alias in node.names
                ]
                todo += [part for part in parts if part not in found | outside]
    assert {f"{name}.py" for name in found} == set(cache.SOURCES)
