"""The named configurations: settings that were chosen on validation data."""

from typing import Any

from lava_sfdfa.config import Config, Kind, check_hidden

_MARGIN = {"loss": "margin", "target_true": 12, "target_false": 4}

_IMAGES = {
    **_MARGIN,
    "epochs": 12,
    "weight_init": 0.8,
    "weight_limit": 3.0,
    "hidden_range": 1 / 3,
    "learning_rate": 0.03,
    "learning_rate_end": 0.02,
    "homeostasis": 2.0,
}

# No neuron falls silent, and validation data are a little better without waking.
_LIVELY = {"wake": False}

NAMED: dict[str, dict[str, Any]] = {
    "digits": {  # 64 inputs need larger weights than 784 do
        **_IMAGES,
        "hidden": (400,),
        "epochs": 60,
        "weight_init": 1.0,
        "hidden_range": 1.0,
        "learning_rate": 0.06,
    },
    # Four inputs have to drive a neuron that 150 pixels drive elsewhere: wide weights
    # with a mean, and low thresholds. All they say is in their times: small steps, and
    # a current and a membrane that remember the whole sample.
    "yin-yang": {
        **_MARGIN,
        "hidden": (300,),
        "epochs": 30,
        "target_false": 3,
        "steps": 256,
        "window_s": 0.17,
        "tau_synapse_s": 0.26,
        "tau_membrane_s": 0.52,
        "threshold_hidden": 0.25,
        "threshold_output": 0.25,
        "weight_init": 2.7,
        "input_weight_mean": 1.35,
        "weight_limit": 2.7,
        "hidden_range": 2.0,
        "learning_rate": 0.01,
        "learning_rate_end": 0.02,
        "homeostasis": 0.3,
        "target_rate": 0.3,
    },
    "mnist": {
        **_IMAGES,
        **_LIVELY,
        "hidden": (800,),
        "epochs": 20,
        "learning_rate": 0.015,
    },
    "fashion-mnist": {
        **_IMAGES,
        **_LIVELY,
        "hidden": (400, 400),
        "epochs": 20,
        "hidden_range": 0.4,
        "learning_rate": 0.015,
        "target_rate": 0.4,
    },
    "emnist-balanced": {"hidden": (800,), **_IMAGES},
    "nmnist": {  # the first saccade of three; single events are mostly noise
        "hidden": (400,),
        **_IMAGES,
        "epochs": 20,
        "recording_s": 0.1,
        "bins": 4,
        "bin_events": 2,
        "input_impulse": 64,
    },
}

_TABLE = {  # features in a population code, see data/tables.py
    **_IMAGES,
    "hidden": (200,),
    "weight_init": 1.0,
    "hidden_range": 1.0,
}

# Of what has no configuration of its own, by the kind of its samples: where calibration
# begins, which finds thresholds, time constants and rates (training/calibrate.py).
OF_KIND: dict[Kind, dict[str, Any]] = {
    "table": _TABLE,
    "series": _TABLE,
    "image": {**_IMAGES, "hidden": (400,)},
    "events": {
        **_IMAGES,
        "hidden": (400,),
        "tau_synapse_s": 0.01,
        "tau_membrane_s": 0.02,
    },
}


def named_config(dataset: str, kind: Kind | None = None, **changes: Any) -> Config:
    """The default configuration of a data set, with some values changed.

    kind: of the samples of a data set without a configuration of its own, by default
    images; there, a time constant given alone sets the other. Errors: InputError for a
    value outside its range.
    """
    preset = NAMED.get(dataset) or {**OF_KIND[kind or "image"], **_other_tau(changes)}
    config = Config(**{"dataset": dataset, **preset, **changes})
    check_hidden(config)
    return config


def _other_tau(given: dict[str, Any]) -> dict[str, Any]:
    """The membrane remembers twice as long as the synapse, as everywhere above."""
    synapse, membrane = given.get("tau_synapse_s"), given.get("tau_membrane_s")
    if synapse is not None and membrane is None:
        return {"tau_membrane_s": 2 * synapse}
    if membrane is not None and synapse is None:
        return {"tau_synapse_s": membrane / 2}
    return {}


# Samples that a training learns at least, its least epochs, and its most.
_LEARNED: dict[Kind, tuple[int, int, int]] = {
    "table": (6000, 30, 150),
    "series": (6000, 30, 150),
    "image": (60_000, 12, 60),
    "events": (12_000, 12, 300),
}


def epochs_for(kind: Kind, n_samples: int) -> int:
    """How often samples of a kind are learned: the fewer there are, the more often."""
    learned, least, most = _LEARNED[kind]
    return min(max(-(-learned // max(1, n_samples)), least), most)
