"""A trained network on disk: HDF5, versioned, with a digest of its content.

The file holds plain numbers, strings and arrays in groups, nothing pickled. The
digest covers everything but the group `provenance` (times, versions of libraries),
so that equal training gives equal digests on every machine.
"""

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.config import Config, check_hidden, kept_settings
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import checked
from lava_sfdfa.network import schema
from lava_sfdfa.network.content import (
    content_digest,
    damage_reported,
    is_in_float,
    load_content,
    save_content,
)
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.rule import Rule, Scale
from lava_sfdfa.types import Array

NO_DATA = "none"  # the data set of a network that was imported without one


@dataclass(frozen=True)
class Artifact:
    """A fixed-point network with the state that training left, and its history."""

    config: Config  # the network and its training in real units
    data_digest: str  # of the samples
    shape: tuple[int, ...]  # of one image
    network: FixedNetwork  # with the trained weights and feedback weights
    rates: tuple[Array, ...]  # running mean of spike counts, a hidden layer each
    n_learned: int  # samples learned so far
    record: dict[str, Array]  # curves of the training, an entry an epoch
    provenance: dict[str, Any] = field(default_factory=dict)  # not in the digest
    reading: Reading | None = None  # of samples of one's own, where there is more to it
    no_rule: str = ""  # why it cannot learn, of a network imported for use alone

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return content_digest(to_content(self))

    @property
    def source(self) -> str:
        """Name or path of the data set that it was trained on."""
        return self.provenance.get("dataset", self.config.dataset)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each layer, frozen or not; outputs last."""
        return self.network.all_sizes

    @property
    def epochs_done(self) -> int:
        """Full epochs of training."""
        return len(self.record.get("train_accuracy", ()))


# --- content: nested dictionaries of numbers, strings and arrays --------------------


def to_content(artifact: Artifact) -> dict[str, Any]:
    """What the digest covers, as nested dictionaries."""
    network = artifact.network
    layers = {}
    for number, layer in enumerate(network.layers):
        values = {
            entry.name: getattr(layer, entry.name)
            for entry in dataclasses.fields(layer)
            if entry.name != "rule" and getattr(layer, entry.name) is not None
        }
        for entry in dataclasses.fields(layer.rule):
            scale = getattr(layer.rule, entry.name)
            if scale is not None:
                pair = [scale.mantissa, scale.exponent]
                values[f"{entry.name}_scale"] = np.array(pair, np.int64)
        if number < network.n_hidden:
            values["rate"] = artifact.rates[number]
        layers[str(number)] = values
    config = {
        name: np.array(value, np.int64) if name == "hidden" else value
        for name, value in kept_settings(artifact.config).items()
        if value is not None
    }
    reading: dict[str, Any] = {}  # what says no more than the shape is left out
    if artifact.reading is not None and not artifact.reading.is_plain:
        reading = {"reading": artifact.reading.to_content()}
    no_rule = {"no_rule": artifact.no_rule} if artifact.no_rule else {}
    front = {"front": front_content(network.front)} if network.front else {}
    return {
        **reading,
        **no_rule,
        **front,
        "config": config,
        "data_digest": artifact.data_digest,
        "image_shape": np.array(artifact.shape, np.int64),
        "n_learned": artifact.n_learned,
        "network": {
            "steps": network.steps,
            "target_true": network.target_true,
            "target_false": network.target_false,
            "feedback_kind": network.feedback_kind,
            "rounding": network.rounding,
            "seed": network.seed,
            "loss": network.loss,
        },
        "layers": layers,
        "record": artifact.record,
    }


def front_content(front: tuple[FrozenLayer, ...]) -> dict[str, Any]:
    """Frozen layers as nested dictionaries."""
    return {str(number): _kept(layer) for number, layer in enumerate(front)}


def _kept(layer: FrozenLayer) -> dict[str, Any]:
    """What the file says of a frozen layer: numbers and arrays by name."""
    values = {
        entry.name: getattr(layer, entry.name)
        for entry in dataclasses.fields(layer)
        if getattr(layer, entry.name) is not None
    }
    return {
        name: np.array(value, np.int64) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def from_content(content: dict[str, Any], provenance: dict[str, Any]) -> Artifact:
    """The inverse of `to_content`. Errors: InputError for all that it does not make,
    see `schema`."""
    schema.check_names(content, schema.ARTIFACT, schema.ARTIFACT_MAY)
    no_rule = checked("no_rule", str, content.get("no_rule", ""))
    config = schema.settings_of(Config, content["config"])
    network, rates = _network(content)
    if not network.front and not no_rule:
        with schema.inside("config"):
            check_hidden(config.hidden)
    schema.check_agrees(network, config, has_rule=not no_rule)
    sizes = network.sizes
    schema.check_record(content["record"], sizes)
    reading = content.get("reading")
    if reading is not None:
        reading = schema.reading_of(reading, network.n_inputs, sizes[-1])
    return Artifact(
        config=config,
        data_digest=checked("data_digest", str, content["data_digest"]),
        shape=schema.shape_of(content["image_shape"], network.n_inputs),
        network=network,
        rates=rates,
        n_learned=checked("n_learned", schema.Count, content["n_learned"]),
        record=content["record"],
        provenance=provenance,
        reading=reading,
        no_rule=no_rule,
    )


def _network(content: dict[str, Any]) -> tuple[FixedNetwork, tuple[Array, ...]]:
    """The network of a content, and the rates of its hidden layers."""
    with schema.inside("layers"):
        groups = schema.numbered(content["layers"])
    layers, rates = [], []
    for number, group in enumerate(groups):
        with schema.inside(f"layers/{number}"):
            schema.check_layer(group, is_hidden=number < len(groups) - 1)
            values = dict(group)
            rates.append(values.pop("rate", None))
            layers.append(FixedLayer(rule=_rule(values), **values))
    schema.check_network(content["network"])
    front = schema.front_of(content["front"]) if "front" in content else ()
    network = FixedNetwork(layers=tuple(layers), front=front, **content["network"])
    for number, layer in enumerate(layers[:-1]):
        with schema.inside(f"layers/{number}"):
            schema.check_rate(rates[number], layer.n_post, network.steps)
    return network, tuple(rates[:-1])


def _rule(values: dict[str, Any]) -> Rule:
    """The rule of a layer, whose scales are taken out of its values."""
    scales = {
        entry.name: Scale(*values.pop(f"{entry.name}_scale").tolist())
        for entry in dataclasses.fields(Rule)
        if f"{entry.name}_scale" in values
    }
    return Rule(**scales)


# --- files ------------------------------------------------------------------------


def save_artifact(path: Path, artifact: Artifact) -> str:
    """Write an artifact and return its digest.

    Written to a temporary file and renamed: the old file stays whole until the
    new one is. Errors: InputError where the folder cannot be written.
    """
    return save_content(path, to_content(artifact), artifact.provenance)


def load_artifact(path: Path) -> Artifact:
    """Read an artifact; `path` is the file, or the folder of a run.

    Errors: InputError for a file that is missing, is no artifact, is of a newer
    format, or whose content does not have its digest.
    """
    content, provenance = load_content(path)
    if is_in_float(content):
        raise InputError(
            f"{path}: holds a network in floating point, which no chip can hold; give "
            "one that was trained without --precision float"
        )
    with damage_reported(path):
        return from_content(content, provenance)


def check_fits(artifact: Any, data: Dataset, holder: str = "the artifact") -> None:
    """Refuse data of another shape than a network takes, or of more classes.

    artifact: of any kind, or a plan: what has `shape`, `sizes` and `source`; holder:
    what messages call it. Errors: InputError.
    """
    shape = tuple(data.shape)
    like = f"the data set it was trained on, {artifact.source!r}, or one like it"
    if artifact.source == NO_DATA:  # any shape of this size
        shape, like = (math.prod(shape),), "one of that size"
    if tuple(artifact.shape) != shape:
        raise InputError(
            f"{data.name}: has samples of the shape {data.shape}, but {holder} "
            f"takes {tuple(artifact.shape)}; give {like}"
        )
    if data.n_classes > artifact.sizes[-1]:
        raise InputError(
            f"{data.name}: has {data.n_classes} classes, but {holder} knows "
            f"{artifact.sizes[-1]}"
        )


def check_front(
    front: tuple[FrozenLayer, ...], data: Dataset, hidden: tuple[int, ...]
) -> None:
    """Refuse data of another size than frozen layers take, and a network of outputs
    alone. hidden: sizes of the hidden layers that learn. Errors: InputError."""
    if not front:
        check_hidden(hidden)
    elif front[0].n_pre != data.train.n_inputs:
        raise InputError(
            f"{data.name}: has samples of the shape {data.shape}, but the frozen "
            f"layers take {front[0].n_pre} inputs; give data of that size (--dataset)"
        )
    elif not front[0].takes(data.shape):
        raise InputError(
            f"{data.name}: has samples of the shape {data.shape}, but the frozen "
            f"convolution takes {front[0].sample_shape}; give the axes in that order"
        )


def check_learns(artifact: Artifact) -> None:
    """Refuse to teach a network that was imported for use alone. Errors: InputError."""
    if artifact.no_rule:
        raise InputError(
            f"the network cannot learn: {artifact.no_rule}; to evaluate and export it, "
            "or to compile it with --mode inference, needs no rule"
        )


def known_source(artifact: Any) -> str:
    """Name or path of the data set of an artifact or a plan.

    Errors: InputError for a network that was imported without one.
    """
    if artifact.source == NO_DATA:
        raise InputError(
            "the network was imported without a data set; name one of its size with "
            "--dataset"
        )
    return artifact.source
