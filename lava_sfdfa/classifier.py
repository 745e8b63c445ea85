"""The network as a scikit-learn estimator."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from lava_sfdfa.config import Config, Feedback, known_settings
from lava_sfdfa.data.formats.arrays import NAME
from lava_sfdfa.data.samples import Dataset, Images
from lava_sfdfa.data.tables import PopulationCode
from lava_sfdfa.errors import InputError
from lava_sfdfa.model import Model
from lava_sfdfa.presets import epochs_for, named_config
from lava_sfdfa.training.calibrate import calibrate
from lava_sfdfa.training.display import Warnings
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.run import Run, new_artifact
from lava_sfdfa.types import Array


class SFDFAClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of tables that learns on the chip's rule, in the chip's integers.

    Features may have any scale: they become spikes by a population code that is made
    from the training samples. `partial_fit` is on-chip learning: every sample is
    learned once, in the order in which it comes.

    hidden: neurons of each hidden layer; epochs: times that `fit` learns every sample,
    None for the more, the fewer samples there are; feedback: sfdfa, random or
    symmetric; learning_rate: None for one that calibration finds;
    random_state: seed of all random numbers, equal ones give equal networks; settings:
    other fields of `Config` by name, or None.

    After fitting: `classes_`; `model_`, a `Model` that takes encoded samples; `code_`,
    the population code, whose `encode` makes them; `n_features_in_`.
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (100,),
        epochs: int | None = None,
        feedback: Feedback = "sfdfa",
        learning_rate: float | None = None,
        random_state: Any = 0,
        settings: dict[str, Any] | None = None,
    ):
        self.hidden = hidden
        self.epochs = epochs
        self.feedback = feedback
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Any, y: Any) -> "SFDFAClassifier":  # noqa: N803
        """Learn all samples, `epochs` times. X: (n, n_features); y: (n,), any labels.

        Errors: ValueError for X and y that scikit-learn refuses, InputError for
        settings.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)  # noqa: N806
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.code_ = PopulationCode.of(X)
        data = self._dataset(X, labels)
        display = Warnings()
        run = Run(self._config(data), data, RunFolder(None, display), display)
        run.train()
        self.model_ = Model(run.artifact, data)
        return self

    def partial_fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        classes: Any = None,
    ) -> "SFDFAClassifier":
        """Learn samples once, in this order, as they would arrive at a chip.

        classes: all labels that will ever come; needed in the first call, whose samples
        also make the population code. Errors: ValueError, InputError.
        """
        first = not hasattr(self, "model_")
        X, y = validate_data(self, X, y, dtype=np.float64, reset=first)  # noqa: N806
        check_classification_targets(y)
        if first:
            if classes is None:
                raise ValueError(
                    "classes must be given in the first call of partial_fit: all "
                    "labels that will ever come"
                )
            self.classes_ = np.unique(classes)
            self.code_ = PopulationCode.of(X)
        labels = self._numbers(y)
        if first:
            data = self._dataset(X, labels)
            self.model_ = Model(new_artifact(self._config(data), data), data)
        self.model_.learn(self.code_.encode(X), labels)
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803
        """The label of each sample: (n,)."""
        encoded = self._encoded(X)
        numbers = self.model_.predict(encoded)
        return self.classes_[np.minimum(numbers, len(self.classes_) - 1)]

    def decision_function(self, X: Any) -> Array:  # noqa: N803
        """Spikes of each output, and a part of one for its membrane: (n, n_classes);
        with two classes the difference of the second and the first: (n,)."""
        encoded = self._encoded(X)
        scores = self.model_.scores(encoded)
        if len(self.classes_) == 2:
            return scores[:, 1] - scores[:, 0]
        return scores[:, : len(self.classes_)]

    # --- inside -----------------------------------------------------------------------

    def _encoded(self, X: Any) -> Array:  # noqa: N803
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)  # noqa: N806
        return self.code_.encode(X)

    def _numbers(self, y: Array) -> Array:
        """Labels as positions in `classes_`. Errors: ValueError for an unknown one."""
        numbers = np.searchsorted(self.classes_, y).clip(0, len(self.classes_) - 1)
        unknown = self.classes_[numbers] != y
        if unknown.any():
            raise ValueError(
                f"y holds the label {y[unknown].tolist()[0]!r}, which is not among the "
                "classes of the first call"
            )
        return numbers

    def _config(self, data: Dataset) -> Config:
        """The settings, of which those that are not given are calibrated."""
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(2**31 - 1)
        given = {
            "hidden": self.hidden,
            "epochs": epochs_for("table", len(data.train))
            if self.epochs is None
            else self.epochs,
            "feedback": self.feedback,
            "seed": seed,
        }
        settings = known_settings(self.settings or {})
        if own := sorted(settings.keys() & {*given, "kind", "dataset", "limit"}):
            raise InputError(
                f"settings holds {own[0]}, which is an argument of its own or has no "
                "meaning here; leave it out of settings"
            )
        given |= settings
        if self.learning_rate is not None:
            given["learning_rate"] = self.learning_rate
        return calibrate(named_config(NAME, "table", **given), data, given).config

    def _dataset(self, x: Array, labels: Array) -> Dataset:
        """The samples as a data set without other parts."""
        images = Images(self.code_.encode(x), labels.astype(np.int64))
        return Dataset(
            NAME,
            (self.code_.n_inputs,),
            max(2, len(self.classes_)),
            train=images,
            validation=images.first(0),
            test=images.first(0),
            source=NAME,
        )
