"""Names of types that every part uses."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]  # shape, dtype and unit stand beside each use
