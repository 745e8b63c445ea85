"""Train spiking networks with SFDFA in the integers of Intel's Loihi chips.

    import lava_sfdfa as ls

    model = ls.train("digits", hidden=[400], epochs=10)
    model.evaluate().accuracy
    plan = model.compile(board="oheo-gulch")

What is heavy is imported when it is used.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lava_sfdfa.errors import (
    BackendError,
    CheckError,
    InputError,
    SfdfaError,
    Stopped,
    TrainingWarning,
)

if TYPE_CHECKING:
    from lava_sfdfa.api import compare, fit, import_network, load, stream, train
    from lava_sfdfa.classifier import SFDFAClassifier
    from lava_sfdfa.config import Config
    from lava_sfdfa.data.samples import Dataset
    from lava_sfdfa.deploy.compiler import Plan, load_plan
    from lava_sfdfa.deploy.mapping.fit import FitReport
    from lava_sfdfa.model import Model

__version__ = "0.2.0"

# Where each public name lives, in the order of the data.
_HOMES = {
    "Config": "config",
    "Dataset": "data.samples",
    "train": "api",
    "stream": "api",
    "compare": "api",
    "load": "api",
    "Model": "model",
    "SFDFAClassifier": "classifier",
    "fit": "api",
    "FitReport": "deploy.mapping.fit",
    "Plan": "deploy.compiler",
    "load_plan": "deploy.compiler",
    "import_network": "api",
}

__all__ = [
    "BackendError",
    "CheckError",
    "Config",
    "Dataset",
    "FitReport",
    "InputError",
    "Model",
    "Plan",
    "SFDFAClassifier",
    "SfdfaError",
    "Stopped",
    "TrainingWarning",
    "compare",
    "fit",
    "import_network",
    "load",
    "load_plan",
    "stream",
    "train",
]

if (Path(__file__).parent / "deploy").is_file():
    raise ImportError(
        "lava_sfdfa/deploy is a file, but should be a symbolic link to the folder "
        "deploy: this checkout was made without symbolic links. Run "
        "`git config core.symlinks true` and `git checkout -- lava_sfdfa/deploy`, or "
        "install a wheel"
    )


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
