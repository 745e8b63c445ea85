"""Neurons and biases of a layer of a netx file: plain CUBA neurons, or a sentence."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import check_field, finite, held_membrane_decay
from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import Group
from lava_sfdfa.types import Array

CUBA = ("CUBA", "LOIHI")  # both are Lava's LIF; netx/hdf5.py
# Of the neurons, where a file names them, and the only value that is allowed.
PLAIN = {"gradedSpike": 0, "messageBits": 0, "refDelay": 1, "wgtExp": 0}
NEEDED = ("iDecay", "vDecay", "vThMant")


@dataclass(frozen=True)
class Neurons:
    """What a layer of neurons shares, in the chip's integers."""

    du: int
    dv: int
    vth: int
    notes: list[str]

    FORGETS: ClassVar[int] = widths.DECAY.maximum  # du of a current of one step
    BIAS_UNIT: ClassVar[int] = 2**6  # of v; `bias_exp` in netx/hdf5.py


def check_plain(where: str, group: Group) -> None:
    """Errors: InputError for what layers here do not have."""
    for name in ("weight_rec", "weight/imag", "neuron/weight_exp"):
        if name in group:
            raise InputError(f"{where} has {name!r}, which cannot be taken over")
    if "delay" in group and np.any(group.value("delay") != 0):
        raise InputError(
            f"{where} has delays, which cannot be taken over; train it with delay=False"
        )


def neurons_of(where: str, group: Group) -> Neurons:
    """The neurons of a layer. Errors: InputError where they are no plain CUBA neurons
    that are all alike, naming all that they lack."""
    if "neuron" not in group:
        raise InputError(f"{where} has no neurons; allowed are CUBA neurons")
    neuron = group.group("neuron")
    kind = text(neuron.value("type"))
    if kind not in CUBA:
        raise InputError(
            f"{where} has {kind} neurons; allowed are {' and '.join(CUBA)}"
        )
    for name, plain in PLAIN.items():
        values_of = np.unique(neuron.value(name) if name in neuron else plain)
        for found in values_of[values_of != plain]:
            raise InputError(f"{where} has {name} = {found}; allowed is {plain}")
    missing = [name for name in NEEDED if name not in neuron]
    if missing:
        raise InputError(
            f"{where}: its neurons have no {' and no '.join(missing)}, without which "
            "lava-dl cannot load them either; export the network again"
        )
    values = {}
    differ = []
    for name in NEEDED:
        values_of = np.unique(finite(where, name, neuron.value(name)))
        if len(values_of) != 1:
            differ.append(name)
        elif values_of[0] % 1:
            raise InputError(
                f"{where}: {name} is {values_of[0]:g}; allowed are integers of the chip"
            )
        values[name] = int(values_of[0])
    if differ:
        raise InputError(
            f"{where} has a different {' and '.join(differ)} in each neuron; allowed "
            "is one for the layer (`shared_param=True` in slayer)"
        )
    vth = check_field(where, "vThMant", values["vThMant"], widths.THRESHOLD)
    du = check_field(where, "iDecay - 1", values["iDecay"] - 1, widths.DECAY)
    dv, notes = held_membrane_decay(where, values["vDecay"])
    return Neurons(du, dv, vth, notes)


def bias_of(where: str, group: Group, n: int) -> Array | None:
    """The biases in lava-dl's units: int32 (n,), None for none and for zeros.

    Errors: InputError for other than n, and for what the chip does not hold.
    """
    if "bias" not in group:
        return None
    bias = finite(where, "bias", group.value("bias")).ravel()
    if bias.size != n:
        raise InputError(
            f"{where}: bias has {bias.size} values; allowed are {n}, one for each "
            "neuron of a dense layer or channel of a convolution"
        )
    if (bias % 1).any():
        raise InputError(
            f"{where}: bias has {bias[bias % 1 != 0][0]:g}; allowed are integers"
        )
    field = widths.BIAS_MANTISSA
    for value in (bias.min(), bias.max()):
        check_field(where, "bias", int(value), field)
    return bias.astype(np.int32) if bias.any() else None


def text(values: Any) -> str:
    """A text of a file, or of an array of one."""
    value: Any = np.asarray(values).ravel()[0]
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
