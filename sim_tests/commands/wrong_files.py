"""The files that wrong uses name: made once in a folder, right ones and broken ones."""

import datetime
import shutil
from pathlib import Path

import h5py
import numpy as np
from command_line import call

from lava_sfdfa.deploy.plan.files import read_plan, write_plan
from lava_sfdfa.reference.artifact import FloatArtifact, save_float
from lava_sfdfa.reference.config import FloatConfig

# --- files of settings ------------------------------------------------------------

SETTINGS = {
    "unknown_field": "hiden = [20]\n",
    "wrong_type": 'epochs = "three"\n',
    "fraction": "epochs = 2.5\n",
    "out_of_range": "epochs = 0\n",
    "no_layers": "hidden = []\n",
    "zero_layer": "hidden = [10, 0]\n",
    "text_layer": 'hidden = [10, "20"]\n',
    "nested_layers": "hidden = [[10]]\n",
    "nan_rate": "learning_rate = nan\n",
    "inf_rate": "learning_rate = inf\n",
    "negative_rate": "learning_rate = -0.1\n",
    "number_for_true": "wake = 1\n",
    "true_for_number": "steps = true\n",
    "few_steps": "steps = 3\n",
    "no_feedback": 'feedback = "dfa"\n',
    "no_loss": 'loss = "mse"\n',
    "no_kind": 'kind = "sound"\n',
    "section": "[train]\nepochs = 3\n",
    "bad_syntax": "epochs = = 3\n",
    "open_text": 'dataset = "digits\n',
    "twice": "epochs = 3\nepochs = 4\n",
    "targets": "target_true = 5\ntarget_false = 5\n",
    "window": "window_s = 0.3\n",
    "taus": "tau_synapse_s = 0.5\n",
    "date": "epochs = 2026-01-01\n",
    "digits_of_seed": f"seed = 1{'0' * 30}\n",
    "number_as_data": "dataset = 5\n",
    "batches": "batch = 50\n",
    "float_batch": "batch = 0\n",
    "other_data": 'dataset = "minst"\n',
    "other_layers": "hidden = [9]\n",
    "long": "# a remark\n" * 10_000,
}


# --- data -------------------------------------------------------------------------


def samples(n_train=40, n_test=20, shape=(3, 3)):
    """Right samples of two classes, as the arrays of an npz file."""
    rng = np.random.RandomState(0)
    arrays = {}
    for part, n in (("train", n_train), ("test", n_test)):
        arrays[f"x_{part}"] = rng.randint(256, size=(n, *shape)).astype(np.uint8)
        arrays[f"y_{part}"] = np.arange(n) % 2
    return arrays


def recordings(n=20):
    """Right recordings of two events each, as the arrays of an npz file."""
    arrays = {"shape": np.array([4])}
    for part in ("train", "test"):
        arrays[f"time_us_{part}"] = np.tile([1_000, 90_000], n)
        arrays[f"index_{part}"] = np.arange(2 * n) % 4
        arrays[f"offset_{part}"] = np.arange(n + 1) * 2
        arrays[f"y_{part}"] = np.arange(n) % 2
    return arrays


def changed(arrays, **changes):
    """Arrays, some of them replaced, or left out where they are None."""
    return {k: v for k, v in {**arrays, **changes}.items() if v is not None}


def tables(value):
    """A table of floats, in which one is `value`."""
    table = np.linspace(0, 1, 40 * 9).reshape(40, 9)
    table[3, 2] = value
    return changed(samples(), x_train=table, x_test=table[20:])


def data_files():
    """Arrays by the name of their file: the first are right, the others are not."""
    good, events = samples(), recordings()
    y = good["y_train"]
    objects = np.array([{}] * 40, dtype=object)
    dates = np.full((40, 9), datetime.date(2026, 1, 1), "datetime64[D]")
    return {
        "mine": good,
        "recorded": events,
        "lacks_test": changed(good, y_test=None),
        "lacks_all": {"images": good["x_train"]},
        "few_labels": changed(good, y_train=y[:-1]),
        "many_labels": changed(good, y_test=y),
        "square_labels": changed(good, y_train=np.stack([y, y], 1)),
        "half_labels": changed(good, y_train=y + 0.5),
        "nan_labels": changed(good, y_train=np.where(y == 1, np.nan, 0.0)),
        "new_label": changed(good, y_test=good["y_test"] + 1),
        "one_class": changed(good, y_train=0 * y, y_test=0 * good["y_test"]),
        "mixed_labels": changed(good, y_test=good["y_test"].astype(str)),
        "nan_data": tables(np.nan),
        "inf_data": tables(np.inf),
        "huge_data": tables(1e308),
        "objects": changed(good, x_train=objects),
        "dates": changed(good, x_train=dates),
        "complex": changed(good, x_train=good["x_train"] * 1j),
        "texts": changed(good, x_train=good["x_train"].astype(str)),
        "scalar": changed(good, x_train=np.uint8(3)),
        "flat": changed(good, x_train=np.zeros(40, np.uint8)),
        "other_test": changed(good, x_test=np.zeros((20, 4, 4), np.uint8)),
        "no_samples": samples(0, 0),
        "no_test": samples(40, 0),
        "two_samples": samples(2, 2),
        "no_pixels": samples(shape=(0, 3)),
        "constant": changed(good, x_train=0 * good["x_train"]),
        "events_lack": changed(events, offset_test=None),
        "events_fall": changed(events, offset_train=np.arange(21)[::-1] * 2),
        "events_short": changed(events, index_train=np.arange(39) % 4),
        "events_outside": changed(events, index_train=np.arange(40)),
        "events_negative": changed(events, index_train=np.arange(40) % 4 - 1),
        "events_before": changed(events, time_us_train=np.tile([-5, 90], 20)),
        "events_back": changed(events, time_us_train=np.tile([90_000, 1_000], 20)),
        "events_seconds": changed(events, time_us_train=np.tile([0.001, 0.09], 20)),
        "events_nan": changed(events, time_us_train=np.tile([1.0, np.nan], 20)),
        "events_no_shape": changed(events, shape=np.array([0])),
        "events_labels": changed(events, y_train=np.arange(19) % 2),
    }


# --- networks and plans -----------------------------------------------------------

TRAINED = "trained/network.h5"
HALF = {"cut": TRAINED, "cut_net": "trained.net", "cut_nir": "trained.nir"}
NETWORKS = {
    "artifact": "trained",
    "network": TRAINED,
    "symmetric": "symmetric",
    "in_float": "float.h5",
    "own": "own",
    "alone": "alone",
    "plan": "plan",
    "inference": "inference",
    "net": "trained.net",
    "nir": "trained.nir",
}


def done(*arguments):
    result = call(*arguments)
    assert result.exit_code == 0, result.output


def make_networks():
    """Trained networks, plans of one and exports."""
    small = ["--hidden", 8, "--epochs", 1, "--limit", 60, "--seed", 1]
    done("train", *small, "--out", "trained")
    done("train", *small, "--feedback", "symmetric", "--out", "symmetric")
    done("train", *small[:4], "--dataset", "mine.npz", "--out", "own")
    done("compile", "trained", "--board", "oheo-gulch", "--out", "plan")
    mode = ["--mode", "inference"]
    done("compile", "trained", "--board", "kapoho-bay", *mode, "--out", "inference")
    done("export", "trained", "--out", "trained.net")
    done("export", "trained", "--out", "trained.nir")
    done("export", "own", "--out", "own.net")
    done("import", "own.net", "--out", "alone")
    save_float(Path("float.h5"), in_float())
    return NETWORKS


def in_float():
    """A network in floating point that has learned nothing."""
    return FloatArtifact(
        config=FloatConfig(hidden=(8,), epochs=1),
        data_digest="",
        shape=(8, 8),
        weights=(np.zeros((8, 64), np.float32), np.zeros((10, 8), np.float32)),
        feedback=(np.zeros((8, 10), np.float32),),
        record={
            "train_accuracy": np.zeros(1),
            "val_accuracy": np.zeros(1),
            "spikes": np.zeros((1, 2)),
            "alignment": np.zeros((1, 1)),
        },
    )


def break_networks():
    """What is left of artifacts and exports after some damage."""
    names = {}
    for name, whole in HALF.items():
        content = Path(whole).read_bytes()
        names[name] = name.replace("_", ".") if "_" in name else "cut.h5"
        Path(names[name]).write_bytes(content[: len(content) // 2])
    for name in ("newer", "edited", "foreign"):
        names[name] = f"{name}.h5"
    shutil.copy(TRAINED, "newer.h5")
    with h5py.File("newer.h5", "r+") as file:
        file.attrs["format_version"] = 99
    shutil.copy(TRAINED, "edited.h5")
    with h5py.File("edited.h5", "r+") as file:
        file.attrs["n_learned"] = 7
    with h5py.File("foreign.h5", "w") as file:
        file["weights"] = np.zeros((3, 3))
    return names


def break_plans():
    """Plans that are damaged, that do not hold, and that are none."""
    for name in ("plan_edited", "plan_half", "plan_lacks"):
        shutil.copytree("plan", name)
    facts = Path("plan_edited/plan.json")
    facts.write_text(facts.read_text().replace('"loihi2"', '"loihi1"'))
    Path("plan_half/plan.h5").write_bytes(b"")
    Path("plan_lacks/plan.h5").unlink()
    for name, change in (("plan_false", {"period": 5}), ("plan_dream", {"mode": "x"})):
        content = read_plan(Path("plan"))
        content.facts.update(change)
        write_plan(Path(name), content)
    names = ("edited", "half", "lacks", "false", "dream")
    return {f"plan_{name}": f"plan_{name}" for name in names}


# --- all of it --------------------------------------------------------------------


def make_files():
    """All files, in the current folder; gives their names by placeholder."""
    return {
        **make_settings(),
        **make_data(),
        **make_others(),
        **make_networks(),
        **break_networks(),
        **break_plans(),
    }


def make_settings():
    for name, text in SETTINGS.items():
        Path(f"{name}.toml").write_text(text)
    Path("latin.toml").write_bytes(b'dataset = "caf\xe9"\n')
    return {name: f"{name}.toml" for name in (*SETTINGS, "latin")}


def make_data():
    arrays = data_files()
    for name, content in arrays.items():
        np.savez(f"{name}.npz", **content)
    whole = Path("mine.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[: len(whole) // 2])
    return {"cut_npz": "cut.npz"} | {name: f"{name}.npz" for name in arrays}


def make_others():
    """Files that are empty or hold a text, and empty folders."""
    names = {"empty": "empty.h5", "notes": "notes.txt", "folder": "folder"}
    for ending in ("h5", "npz", "net", "nir"):
        Path(f"empty.{ending}").touch()
        names[f"empty_{ending}"] = f"empty.{ending}"
    for ending in ("txt", "npz", "h5"):
        Path(f"notes.{ending}").write_text("not what you want\n")
        names[f"notes_{ending}"] = f"notes.{ending}"
    for ending in ("npz", "toml"):
        Path(f"folder.{ending}").mkdir()
        names[f"folder_{ending}"] = f"folder.{ending}"
    Path("folder").mkdir()
    return names
