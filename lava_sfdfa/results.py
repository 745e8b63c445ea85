"""What calls give back: frozen dataclasses that machines can read."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

NOT_IN_JSON = {"not in JSON": True}  # metadata of a field that `to_json` leaves out


class Result:
    """Base of all results, which are frozen dataclasses."""

    def to_json(self) -> dict[str, Any]:
        """The fields by name, as `json.dumps` takes them; a number that is not finite
        becomes None."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if not field.metadata.get("not in JSON")
        }
        return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> Any:
    """A value without numpy, paths and dataclasses, for JSON."""
    if isinstance(value, Result):
        return value.to_json()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def to_line(result: Any) -> str:
    """A result, or a dictionary, as one line of JSON."""
    return json.dumps(plain(result), allow_nan=False)
