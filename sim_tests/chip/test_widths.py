"""The chip's numbers against Lava's own constants, where Lava is installed."""

import ast
import importlib
import typing

import numpy as np
import pytest

from lava_sfdfa import cache
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


# --- what the cache of compiled code watches ------------------------------------------

# These hold neither kernels nor constants of theirs.
PLAIN = {"cache", "data.events", "errors", "files"}


def imports_of(path):
    """What a module of the package imports from others of it: (module, name)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            assert not any(name.startswith("lava_sfdfa") for name in names), path
        if not isinstance(node, ast.ImportFrom):
            continue
        assert node.level == 0, f"{path} has a relative import, which is not followed"
        if node.module.split(".")[0] != "lava_sfdfa":
            continue
        module = node.module.removeprefix("lava_sfdfa").removeprefix(".")
        for alias in node.names:
            inner = f"{module}.{alias.name}".removeprefix(".")
            if file_of(inner).exists():
                yield inner, None
            else:
                yield module, alias.name


def file_of(module):
    return cache.PACKAGE / f"{module.replace('.', '/')}.py"


def is_watched(module):
    """The digest is over the files of the folders, and of no folder below them."""
    path = file_of(module)
    return path.parent.name in cache.SOURCES and path.parents[1] == cache.PACKAGE


def is_class_or_type(module, name):
    """Of these a kernel sees at most the layout, which is part of its signature."""
    found = getattr(importlib.import_module(f"lava_sfdfa.{module}"), name)
    return isinstance(found, type) or typing.get_origin(found) is not None


def users_of_the_cache():
    """The modules that keep compiled code; of each, numba watches its own file."""
    files = [*cache.PACKAGE.rglob("*.py"), *(cache.PACKAGE / "deploy").rglob("*.py")]
    names = {
        str(path.relative_to(cache.PACKAGE).with_suffix("")).replace("/", ".")
        for path in files
        if "@disk_cached" in path.read_text()
    }
    return names


def test_the_cache_of_compiled_code_knows_all_its_sources():
    """All that kernels import, directly or not, lies in the folders that are watched.

    Else a changed constant would leave the old machine code in use. From elsewhere
    come only classes and types, and modules that are named above as plain.
    """
    roots = users_of_the_cache()
    assert {"engine.sample", "reference.engine", "deploy.run.kernels"} <= roots
    seen, todo, outside = set(roots), list(roots), set()
    while todo:
        importer = todo.pop()
        for module, name in imports_of(file_of(importer)):
            if not is_watched(module):
                outside.add(module)
                assert module in PLAIN or (name and is_class_or_type(module, name)), (
                    f"{importer} takes {name} of {module}, which is not watched"
                )
            elif module not in seen:
                seen.add(module)
                todo.append(module)
    assert {"engine.synapses", "engine.state", "chip.random", "chip.protocol"} < seen
    assert "network.fixed" in outside, "classes were met, so that the rule is tried"
