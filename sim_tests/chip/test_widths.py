"""The chip's numbers against Lava's own constants, where Lava is installed."""

import ast
import importlib
import typing

import numpy as np
import pytest

from lava_sfdfa import cache
from lava_sfdfa.chip import protocol, random, widths


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


def test_ranges_of_fields_are_those_of_their_widths():
    for field, bits in ((widths.WEIGHT, 8), (widths.TAG, 9), (widths.PAYLOAD, 24)):
        assert (field.minimum, field.maximum) == (
            -(2 ** (bits - 1)),
            2 ** (bits - 1) - 1,
        )
    for field, bits in ((widths.TAG_2, 8), (widths.TRACE, 7), (widths.DECAY, 12)):
        assert (field.minimum, field.maximum) == (0, 2**bits - 1)
    for field in (widths.SCALE_MANTISSA, widths.SCALE_EXPONENT):
        assert field.maximum - field.minimum == 15
    assert (widths.THRESHOLD.minimum, widths.THRESHOLD.maximum) == (0, 2**17 - 1)
    assert (widths.FACTOR.minimum, widths.FACTOR.maximum) == (-127, 127)
    assert (widths.CURRENT.minimum, widths.CURRENT.maximum) == (1 - 2**23, 2**23)
    assert (widths.VOLTAGE.minimum, widths.VOLTAGE.maximum) == (1 - 2**23, 2**23 - 1)
    assert (widths.EPOCH.minimum, widths.EPOCH.maximum) == (1, 63)
    assert (widths.DECIMATION.minimum, widths.DECIMATION.maximum) == (0, 9)
    assert (widths.TRACE_SHIFT, widths.VARIABLE_SHIFT) == (3, 5)


# --- the protocol ---------------------------------------------------------------------


def test_steps_of_a_sample_by_hand():
    schedule = protocol.Schedule(steps=20, n_hidden=3)
    assert [schedule.probe(layer) for layer in range(3)] == [20, 21, 22]
    assert [schedule.copy(layer) for layer in range(3)] == [21, 20, 19]
    assert (schedule.error, schedule.commit, schedule.reset) == (23, 24, (25, 26))
    assert (schedule.feedback, schedule.rest, schedule.period) == (27, 28, 29)
    assert schedule.values == protocol.Steps(23, 24, 27, 29)
    assert schedule.phases == {
        "present": 0,
        "probe": 20,
        "error": 23,
        "commit": 24,
        "reset": 25,
        "feedback": 27,
        "rest": 28,
    }


def test_constants_of_the_protocol_are_pinned():
    """Networks that were trained with these must train on in the same way."""
    assert (protocol.JUMP_REST, protocol.RELAY_SHIFT, protocol.WAKE_SLOPE) == (
        128,
        4,
        64,
    )
    assert (protocol.RATE_BITS, protocol.RATE_COARSE_BITS) == (16, 8)
    assert (protocol.RATE_SHIFT, protocol.SILENT_RATE) == (9, 327)
    assert (protocol.FACTOR_BITS, protocol.PAYLOAD_FACTOR) == (16, 32)
    assert (protocol.FEEDBACK_DECAY_FACTOR, protocol.FEEDBACK_RATE) == (8, 1 / 512)
    assert (protocol.DIRECTION_MIN, protocol.DIRECTION_MAX) == (-64, 63)
    assert protocol.FEEDBACK_SCALE == 32 / 8 / (128 / 512)


def test_purposes_of_random_streams_are_pinned():
    """A number stands for its purpose for ever."""
    names = "WEIGHT_INIT FEEDBACK_INIT ORDER X1 X2 TAG WEIGHT PAYLOAD FEEDBACK SPLIT"
    for number, name in enumerate([*names.split(), "JUMP", "FACTOR"], 1):
        assert getattr(random, name) == number, name


@pytest.mark.parametrize(
    ("target", "count", "is_true", "one_sided", "error"),
    [
        (6, 4, True, False, 2),
        (6, 9, True, False, -3),
        (6, 4, True, True, 2),
        (6, 9, True, True, 0),
        (1, 4, False, True, -3),
        (1, 0, False, True, 0),
    ],
)
def test_errors_of_outputs_by_hand(target, count, is_true, one_sided, error):
    assert protocol.output_error(count, target, is_true, one_sided) == error
    arrays = (np.array([value]) for value in (count, target, is_true))
    assert protocol.output_errors(*arrays, one_sided).tolist() == [error]


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
