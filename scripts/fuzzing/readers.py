"""The readers by name."""

from fuzzing.data_sets import (
    encode_idx,
    encode_nmnist,
    encode_npz,
    encode_shd,
    encode_toml,
    event_trees,
    idx_trees,
    memory_trees,
    nmnist_trees,
    npz_trees,
    read_memory,
    read_toml,
    shd_trees,
    take,
    toml_trees,
)
from fuzzing.formats import (
    hdf5_bytes,
)
from fuzzing.networks import (
    artifact_trees,
    encode_artifact,
    encode_plan,
    exchanged,
    float_trees,
    foreign_images,
    nir_trees,
    plan_trees,
    read_artifact,
    read_float,
    read_foreign,
    run_plan,
)
from fuzzing.reader import Reader
from lava_sfdfa.data.datasets import load_dataset

READERS: dict[str, Reader] = {
    "artifact": Reader(artifact_trees, encode_artifact, read_artifact, hdf5=True),
    "float": Reader(float_trees, encode_artifact, read_float, hdf5=True),
    "plan": Reader(plan_trees, encode_plan, run_plan, hdf5=True),
    "netx": Reader(
        lambda folder: [exchanged(folder, "a.net"), foreign_images()],
        lambda rng, tree: {"a.net": hdf5_bytes(rng, tree, False)},
        lambda folder: read_foreign(folder / "a.net", "netx"),
        hdf5=True,
    ),
    "nir": Reader(
        nir_trees,
        lambda rng, tree: {"a.nir": hdf5_bytes(rng, tree, False)},
        lambda folder: read_foreign(folder / "a.nir", "nir"),
        hdf5=True,
    ),
    "idx": Reader(idx_trees, encode_idx, lambda f: take(load_dataset("mnist", f))),
    "npz": Reader(
        npz_trees, encode_npz, lambda f: take(load_dataset(str(f / "mine.npz")))
    ),
    "nmnist": Reader(
        nmnist_trees, encode_nmnist, lambda f: take(load_dataset("nmnist", f))
    ),
    "shd": Reader(
        shd_trees, encode_shd, lambda f: take(load_dataset("shd", f)), hdf5=True
    ),
    "toml": Reader(toml_trees, encode_toml, read_toml),
    "events": Reader(
        event_trees, encode_npz, lambda f: take(load_dataset(str(f / "mine.npz")))
    ),
    "memory": Reader(memory_trees, encode_npz, read_memory),
}
