"""A network in floating point on disk: like an artifact, but no chip can hold it."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.fields import checked
from lava_sfdfa.network import schema
from lava_sfdfa.network.content import (
    content_digest,
    damage_reported,
    is_in_float,
    load_content,
    save_content,
)
from lava_sfdfa.reference.config import FloatConfig
from lava_sfdfa.types import Array

FIELDS = (
    "precision",
    "config",
    "data_digest",
    "image_shape",
    "weights",
    "feedback",
    "record",
)
CURVES = ("train_accuracy", "val_accuracy", "spikes", "alignment")


@dataclass(frozen=True)
class FloatArtifact:
    """What `train --precision float` leaves."""

    config: FloatConfig
    data_digest: str  # of the samples
    shape: tuple[int, ...]  # of one image
    weights: tuple[Array, ...]  # (n_post, n_pre) float32, of each layer
    feedback: tuple[Array, ...]  # (n_post, n_out) float32, of each hidden layer
    record: dict[str, Array]  # curves of the training, an entry an epoch
    provenance: dict[str, Any] = field(default_factory=dict)  # not in the digest

    @property
    def source(self) -> str:
        """Name or path of the data set that it was trained on."""
        return self.provenance.get("dataset", self.config.dataset)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each hidden layer, outputs."""
        return (
            self.weights[0].shape[1],
            *(matrix.shape[0] for matrix in self.weights),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the content. Another processor may round otherwise, and so give
        another digest for the same training."""
        return content_digest(_content(self))


def save_float(path: Path, artifact: FloatArtifact) -> str:
    """Write a network and return its digest; as `save_artifact`."""
    return save_content(path, _content(artifact), artifact.provenance)


def load_float(path: Path) -> FloatArtifact | None:
    """Read a network; None where the artifact is one of integers. Errors: as
    `load_artifact`."""
    content, provenance = load_content(path)
    if not is_in_float(content):
        return None
    with damage_reported(path):
        return _from_content(content, provenance)


def _from_content(content: dict[str, Any], provenance: dict[str, Any]) -> FloatArtifact:
    """The inverse of `_content`. Errors: InputError for all that it does not make."""
    schema.check_names(content, FIELDS)
    config = schema.settings_of(FloatConfig, content["config"])
    hidden = config.hidden
    shapes = list(zip((*hidden, None), (None, *hidden), strict=True))
    weights = schema.matrices("weights", content["weights"], shapes)
    n_out = len(weights[-1])
    shapes = [(size, n_out) for size in hidden]
    sizes = (weights[0].shape[1], *hidden, n_out)
    schema.check_record(content["record"], sizes, CURVES)
    return FloatArtifact(
        config=config,
        data_digest=checked("data_digest", str, content["data_digest"]),
        shape=schema.shape_of(content["image_shape"], sizes[0]),
        weights=weights,
        feedback=schema.matrices("feedback", content["feedback"], shapes),
        record=content["record"],
        provenance=provenance,
    )


def _content(artifact: FloatArtifact) -> dict[str, Any]:
    config = {
        name: np.array(value, np.int64) if name == "hidden" else value
        for name, value in dataclasses.asdict(artifact.config).items()
        if value is not None
    }
    return {
        "precision": "float",
        "config": config,
        "data_digest": artifact.data_digest,
        "image_shape": np.array(artifact.shape, np.int64),
        "weights": {str(n): matrix for n, matrix in enumerate(artifact.weights)},
        "feedback": {str(n): matrix for n, matrix in enumerate(artifact.feedback)},
        "record": artifact.record,
    }
