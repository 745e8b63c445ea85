"""netx: the HDF5 file of lava-dl, for inference with stock `Dense` and `LIF`.

Written and read with h5py alone; the layout is that of lava-dl 0.6.0 (written by
slayer/block/base.py, read by netx/hdf5.py). What to know of it:

* Weights are integers that are not scaled. Where signs are mixed the chip drops the
  lowest bit; the reader doubles 8-bit weights and sets the exponent to -1, which is
  exact, so ours stand in the file as they are.
* The reader makes `du = iDecay - 1`, so `iDecay` is `du + 1`.
* A spike needs v > vth * 2**6, and every dense layer delays by one step, as ours do.
"""

from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import (
    check_field,
    dense_layers,
    finite,
    held_membrane_decay,
    whole_weights,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.hdf5.reader import Group, read_file
from lava_sfdfa.hdf5.writer import write_hdf5
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer, dense_weights

CUBA = ("CUBA", "LOIHI")  # both are Lava's LIF; netx/hdf5.py
PROBLEM = "cannot be read as a netx file"
REMEDY = "allowed is HDF5 as lava-dl 0.6.0 exports it"


def write_netx(path: Path, artifact: Artifact) -> None:
    """Write the layers of an artifact. Errors: InputError."""
    layers, config = dense_layers(artifact), artifact.config

    def fill(file: Any) -> None:
        for number, layer in enumerate(layers):
            _write_layer(file.create_group(f"layer/{number}"), layer)
        milliseconds = 1000 * config.duration_s
        file["simulation/Ts"] = milliseconds / artifact.network.steps
        file["simulation/tSample"] = milliseconds

    with replacing(path) as temporary:
        write_hdf5(temporary, fill)


def _write_layer(group: Any, layer: FrozenLayer) -> None:
    n_post, n_pre = layer.n_post, layer.n_pre
    group.create_dataset("type", (1,), "S10", [b"dense"])
    group["shape"] = np.array([n_post])
    group["inFeatures"], group["outFeatures"] = n_pre, n_post
    group["weight"] = dense_weights(layer).astype(np.float32)
    group["neuron/type"] = np.bytes_("CUBA")
    group["neuron/iDecay"] = layer.du + 1
    group["neuron/vDecay"] = layer.dv
    group["neuron/vThMant"] = layer.vth
    group["neuron/refDelay"] = 1
    group["neuron/gradedSpike"] = False


def read_netx(path: Path) -> tuple[tuple[FrozenLayer, ...], int | None, list[str]]:
    """Layers, steps of a sample where the file says them, and what was changed.

    Errors: InputError, by name, for all that is not a chain of dense layers of
    current-based neurons that spike and reset to zero.
    """
    file = read_file(path, PROBLEM, REMEDY)
    try:
        n_layers = len(file.group("layer").entries)
        groups = [file.group(f"layer/{number}") for number in range(n_layers)]
        layers, notes = _read_layers(path, groups)
        return layers, _steps(path, file), notes
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: {PROBLEM} ({error}); {REMEDY}") from None


def _read_layers(
    path: Path, groups: list[Group]
) -> tuple[tuple[FrozenLayer, ...], list[str]]:
    """The dense layers, which have to follow each other, and notes."""
    layers: list[FrozenLayer] = []
    notes: list[str] = []
    for number in _dense(path, groups):
        where = f"{path}: layer {number}"
        layer, more = _read_layer(where, groups[number])
        n_pre = layer.n_pre
        if layers and n_pre != layers[-1].n_post:
            raise InputError(
                f"{where}: weight takes {n_pre} inputs, but the layer before has "
                f"{layers[-1].n_post} neurons; they have to be equal"
            )
        layers.append(layer)
        notes += more
    return tuple(layers), notes


def _dense(path: Path, groups: list[Group]) -> list[int]:
    """Numbers of the dense layers; `flatten`, and `input` without neurons, only name a
    shape. Errors: InputError for others."""
    kinds = [_text(group.value("type")) for group in groups]
    for number, kind in enumerate(kinds):
        if kind not in ("dense", "flatten", "input"):
            raise InputError(
                f"{path}: layer {number} is of the type {kind!r}, which cannot be "
                "taken over; allowed are dense layers of CUBA neurons"
            )
    for number, kind in enumerate(kinds):
        if kind == "input" and "neuron" in groups[number]:
            raise InputError(
                f"{path}: layer {number} makes spikes of the inputs with neurons of "
                "its own, by a weight and a bias, which an artifact cannot hold; "
                "allowed are inputs that are spikes; leave this layer out of the file"
            )
    if "dense" not in kinds:
        raise InputError(f"{path}: has no dense layer; allowed are two or more")
    return [number for number, kind in enumerate(kinds) if kind == "dense"]


def _read_layer(where: str, group: Group) -> tuple[FrozenLayer, list[str]]:
    if "bias" in group and np.any(bias := finite(where, "bias", group.value("bias"))):
        raise InputError(
            f"{where} has 'bias', which cannot be taken over, from {bias.min():g} to "
            f"{bias.max():g}; allowed is 0, since neurons here have no constant input"
        )
    for name in ("weight_rec", "weight/imag", "neuron/weight_exp"):
        if name in group:
            raise InputError(f"{where} has {name!r}, which cannot be taken over")
    if "delay" in group and np.any(group.value("delay") != 0):
        raise InputError(
            f"{where} has delays, which cannot be taken over; learning has none"
        )
    neuron = _read_neuron(where, group)
    weights = finite(where, "weight", group.value("weight"))
    n_post = finite(where, "shape", group.value("shape")).prod()
    weights = weights.reshape(int(n_post), -1)
    vth = check_field(where, "vThMant", neuron["vThMant"], widths.THRESHOLD)
    weights, vth, note = whole_weights(where, weights, vth)
    du = check_field(where, "iDecay - 1", neuron["iDecay"] - 1, widths.DECAY)
    dv, more = held_membrane_decay(where, neuron["vDecay"])
    return dense_layer(weights, du, dv, vth), [*([note] if note else []), *more]


def _read_neuron(where: str, group: Group) -> dict[str, int]:
    """The integers of a neuron group that is a plain current-based LIF."""
    if "neuron" not in group:
        raise InputError(f"{where} has no neurons; allowed are CUBA neurons")
    neuron = group.group("neuron")
    kind = _text(neuron.value("type"))
    if kind not in CUBA:
        raise InputError(
            f"{where} has {kind} neurons; allowed are {' and '.join(CUBA)}"
        )
    for name, plain in (("gradedSpike", 0), ("messageBits", 0), ("refDelay", 1)):
        values_of = np.unique(neuron.value(name) if name in neuron else plain)
        for found in values_of[values_of != plain]:
            raise InputError(f"{where} has {name} = {found}; allowed is {plain}")
    values = {}
    for name in ("iDecay", "vDecay", "vThMant"):
        values_of = np.unique(finite(where, name, neuron.value(name)))
        if len(values_of) != 1:
            raise InputError(
                f"{where} has a different {name} in each neuron; allowed is one for "
                "the layer (`shared_param=True` in slayer)"
            )
        if values_of[0] % 1:
            raise InputError(
                f"{where}: {name} is {values_of[0]:g}; allowed are integers of the chip"
            )
        values[name] = int(values_of[0])
    return values


def _text(values: Any) -> str:
    value: Any = np.asarray(values).ravel()[0]
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


def _steps(path: Path, file: Group) -> int | None:
    if "simulation/tSample" not in file or "simulation/Ts" not in file:
        return None
    sample, step = (
        finite(f"{path}: simulation", name, file.value(f"simulation/{name}")).item()
        for name in ("tSample", "Ts")
    )
    if step <= 0:
        raise InputError(f"{path}: simulation: Ts is {step:g}; allowed is more than 0")
    return round(sample / step)
