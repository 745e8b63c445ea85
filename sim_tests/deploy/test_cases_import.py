"""Files that other tools and accidents made, from the shared cases.

All come in, or get a sentence that names the real reason.
"""

import dataclasses
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from command_line import call, last_json
from nir_graphs import noise, simulate
from rate_code import all_events, of_numpy, rate_code

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.exchange.nir_layers import read_nir
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(
    not CASES.is_dir(),
    reason=f"the shared cases are not here ({CASES.name}/ is missing)",
)


def bring_in(name, out, *options):
    return call("import", CASES / name, "--out", out, *options)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("10_nan_weight.nir", "node 'a': weight holds nan"),
        ("11_inf_weight.nir", "node 'a': weight holds inf"),
        ("12_tau_syn_0.nir", "node 'b': tau_syn is 0 s"),
        (
            "21_input_layer_with_neurons.net",
            "layer 0: its neurons have no iDecay and no vDecay and no vThMant",
        ),
        ("third/recurrent_example.net", "layer 0 is of the type 'dense_rec'"),
        ("third/recurrent_snntorch.nir", "node 'lif1.lif' is recurrent: its output"),
        ("third/recurrent_subgraph.nir", "node 'lif1.lin' is recurrent: its output"),
        ("third/made_snntorch_rsyn.nir", "node '1.lif' is recurrent: its output comes"),
    ],
)
def test_what_cannot_come_in_is_a_sentence(name, sentence, tmp_path):
    result = bring_in(name, tmp_path / "out")
    assert result.exit_code == 2 and sentence in result.stderr
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "layers", "note"),
    [
        (
            "14_own_one_layer_more.nir",
            [64, 20, 10, 10],
            "they have 2 layers, the graph",
        ),
        (
            "15_own_meta_text.nir",
            [64, 20, 10],
            "do not describe this graph (they are damaged",
        ),
        ("16_own_meta_no_step.nir", [64, 20, 10], "('step_s' is missing)"),
        ("17_snntorch_leaky.nir", [64, 30, 10], "node '0': weights were rounded to 8"),
        ("18_rockpool_lif.nir", [64, 30, 10], "the time step is 0.001 s, since r and"),
        ("20_equal_decays.net", [64, 20, 10], "layer 0 has du 409 and dv 410"),
        (
            "third/made_snntorch_flat.nir",
            [64, 30, 10],
            "node '1': weights were rounded",
        ),
        ("third/made_snntorch_syn_nobias.nir", [64, 30, 10], "node '0': weights were"),
        ("third/lif_norse.nir", [1, 1], "and the file has one"),
        ("third/lif_rockpool.nir", [1, 1], "the time step is 0.0001 s, since r and"),
        ("third/made_norse_cuba.nir", [64, 30, 10], "is 1e-06 s, as Norse writes it"),
        ("third/made_snntorch_leaky.nir", [64, 30, 10], "the bias is added to v in ev"),
        ("third/made_snntorch_syn.nir", [64, 30, 10], "as what the current of a const"),
        (
            "third/cnn_sinabs.nir",
            [2312, 4096, 4096, 512, 256, 10],
            "the 2 dense layers after the convolutions can learn: import the file",
        ),
        ("third/oxford.net", [200, 256, 200], "no data set was named"),
        (
            "third/trained_mnist_network.net",
            [784, 128, 64, 10],
            "no data set was named",
        ),
        ("third/tiny.net", [768, 768, 864, 36], "layer 0: in lava-dl it reads numbers"),
        (
            "third/pilotnet_lif.net",
            [39600, 39600, 76032, 26460, 8064, 5632, 2560, 100, 50, 10, 1],
            "the network has one output, so its class is always the same",
        ),
    ],
)
def test_what_comes_in_says_what_was_done(name, layers, note, tmp_path):
    found = last_json(bring_in(name, tmp_path / "out", "--json"))
    assert found["layers"] == layers
    assert any(note in line for line in found["notes"])
    model = ls.load(tmp_path / "out")
    assert list(model.artifact.sizes) == layers
    x = np.random.RandomState(0).randint(0, 256, (5, layers[0])).astype(np.uint8)
    assert set(model.predict(x)) <= set(range(layers[-1]))


@pytest.mark.parametrize("format_", ["nir", "netx"])
def test_a_file_that_hdf5_would_read_for_ever_is_a_sentence(format_, tmp_path):
    path, begin = CASES / "37_shd_hang" / "shd" / "shd_train.h5", time.monotonic()
    result = call("import", path, "--format", format_, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "the HDF5 library does not get through it" in result.stderr
    assert time.monotonic() - begin < 20  # the limit is 1.5 s


def test_the_layers_of_a_graph_of_ours_are_kept_without_its_metadata(tmp_path):
    layers = []
    for name in ("15_own_meta_text.nir", "16_own_meta_no_step.nir"):
        layers.append(ls.import_network(CASES / name).artifact.network.layers)
        with h5py.File(CASES / name) as file:
            for number, layer in enumerate(layers[-1]):
                weights = file[f"node/nodes/linear{number}/weight"][()]
                np.testing.assert_array_equal(layer.weights, weights)
    assert [(x.du, x.dv, x.vth) for x in layers[0]] == [(96, 49, 2712), (96, 49, 9475)]


@pytest.mark.parametrize("name", ["17_snntorch_leaky.nir", "18_rockpool_lif.nir"])
def test_plain_and_rockpool_neurons_classify_and_learn(name, tmp_path):
    """Random weights do not reach the threshold by digits; a lower one does."""
    with h5py.File(CASES / name) as old, h5py.File(tmp_path / "a.nir", "w") as new:
        for entry in old:
            old.copy(entry, new)
        for node in new["node/nodes"].values():
            if "v_threshold" in node:
                node["v_threshold"][...] /= 20
    options = ["--step", "1e-3"] if "rockpool" in name else []
    out = tmp_path / "out"
    assert call("import", tmp_path / "a.nir", "--out", out, *options).exit_code == 0
    before = last_json(call("evaluate", out, "--json"))
    assert min(before["spikes_per_sample"]) > 1
    after = last_json(
        call("train", "--resume", "--out", out, "--epochs", "3", "--json")
    )
    assert after["test_accuracy"] > before["test_accuracy"] + 0.2


def test_a_network_with_equal_decays_is_used_and_asks_before_it_learns(tmp_path):
    out, plan = tmp_path / "out", tmp_path / "plan"
    assert bring_in("20_equal_decays.net", out).exit_code == 0
    found = last_json(call("evaluate", out, "--json"))
    assert found["dataset"] == "digits" and min(found["spikes_per_sample"]) > 100
    board = ["--board", "kapoho-point"]
    fit = last_json(call("fit", out, *board, "--mode", "inference", "--json"))
    assert fit["fits"]
    compiled = call("compile", out, *board, "--mode", "inference", "--out", plan)
    assert compiled.exit_code == 0
    ran = last_json(call("run", plan, "--samples", 359, "--json"))
    assert ran["accuracy"] == pytest.approx(found["test_accuracy"], abs=1e-12)
    assert call("info", out).exit_code == 0
    again = tmp_path / "again.net"
    assert call("export", out, "--out", again).exit_code == 0
    with h5py.File(CASES / "20_equal_decays.net") as old, h5py.File(again) as new:
        for name in ("weight", "neuron/iDecay", "neuron/vDecay", "neuron/vThMant"):
            for layer in ("layer/0/", "layer/1/"):
                np.testing.assert_array_equal(new[layer + name], old[layer + name])
    for command in (
        ("train", "--resume", "--out", out),
        ("verify", out),
        ("fit", out, *board),
        ("compile", out, *board, "--out", tmp_path / "x"),
    ):
        result = call(*command)
        assert result.exit_code == 2, command
        assert (
            "the network cannot learn: layer 0 has du 409 and dv 410" in result.stderr
        )
    model = ls.load(out)
    for learn in (
        lambda: model.learn(np.ones((1, 8, 8)), [0]), model.engine, model.verify,
    ):  # fmt: skip
        with pytest.raises(ls.InputError, match="the network cannot learn"):
            learn()


def test_a_network_without_a_data_set_is_used_with_one_that_is_named(
    tmp_path, data_dir
):
    """lava-dl trained it on MNIST, for spikes of another kind than ours."""
    out, plan = tmp_path / "out", tmp_path / "plan"
    assert bring_in("third/trained_mnist_network.net", out).exit_code == 0
    for command in (("evaluate", out), ("train", "--resume", "--out", out)):
        result = call(*command)
        assert result.exit_code == 2 and "--dataset" in result.stderr
    mnist = ["--dataset", "mnist", "--data-dir", data_dir, "--json"]
    found = last_json(call("evaluate", out, "--limit", 1000, *mnist))
    assert found["test_accuracy"] > 0.9
    result = call("evaluate", out)
    assert result.exit_code == 2
    assert "was imported without a data set; name one of its size" in result.stderr
    result = call("evaluate", out, "--dataset", "digits")
    assert result.exit_code == 2 and "shape (8, 8)" in result.stderr
    options = ["--board", "kapoho-point", "--mode", "inference", "--out", plan]
    compiled = call("compile", out, *options)
    assert compiled.exit_code == 0
    assert "assumed: samples are noise" in compiled.stderr
    assert call("run", plan).exit_code == 2
    ran = last_json(call("run", plan, "--samples", 50, *mnist))
    few = last_json(call("evaluate", out, "--limit", 50, *mnist))
    assert ran["accuracy"] == few["test_accuracy"] > 0.8
    result = call("compile", out, *options[:-1], tmp_path / "b", *mnist[:-1])
    assert result.exit_code == 0 and "assumed: samples" not in result.stderr


def test_a_convolutional_network_of_sinabs_spikes_as_its_equations(tmp_path):
    """Every layer, with the weights and thresholds that stand in the note: pools and
    the order of channels as naively as they can be written."""
    path = CASES / "third/cnn_sinabs.nir"
    layers, _, notes = read_nir(path)
    assert "'0': weights were rounded to 8 bits, 0.0141 a unit" in " ".join(notes)
    nodes = {}
    with h5py.File(path) as file:
        for number in range(13):
            fields = {k: v[()] for k, v in file[f"node/nodes/{number}"].items()}
            fields["type"] = fields["type"].decode()
            if "weight" in fields:
                scale = 127 / np.abs(fields["weight"]).max()
                fields["weight"] = np.rint(fields["weight"].astype(float) * scale)
            if "v_threshold" in fields:
                fields["v_threshold"] = np.rint(fields["v_threshold"] * scale)
            nodes[str(number)] = fields
    spikes, events = noise(2, 20, 2312, 0.03)
    last = through_front(layers, events, 20)
    for sample in range(2):
        wanted = simulate(nodes, spikes[sample], (2, 34, 34))
        assert min(sent.sum() for sent in wanted) > 0
        np.testing.assert_array_equal(last.dense(sample, 20), wanted[-1] > 0)


def test_a_convolutional_network_of_sinabs_knows_digits(tmp_path):
    """N-MNIST is what it was trained on; its dense layers go on to learn."""
    archive = CASES.parent / "data/nmnist-small/nmnist-small.zip"
    if not archive.is_file():
        pytest.skip(f"the recordings are not here ({archive.name} is missing)")
    zipfile.ZipFile(archive).extractall(tmp_path / "nmnist")
    show = {"recording_s": 0.3, "bins": 32, "bin_events": 1}
    path = CASES / "third/cnn_sinabs.nir"
    model = ls.import_network(path, data="nmnist", data_dir=tmp_path, **show)
    assert model.artifact.no_rule == "" and model.config.hidden == (256,)
    assert model.evaluate().accuracy > 0.95
    train = model._data.train.first(200)
    before = [layer.weights.copy() for layer in model.artifact.network.layers]
    assert np.mean(model.learn(train, train.labels) == train.labels) > 0.9
    after = [layer.weights for layer in model.artifact.network.layers]
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))
    model.export(tmp_path / "a.nir")
    assert ls.import_network(tmp_path / "a.nir").digest == model.digest


# --- against Lava -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("du", "dv"), [(409, 410), (410, 410), (0, 0), (409, 0), (4095, 410), (409, 4095)]
)
def test_imported_decays_spike_as_stock_lif_does(du, dv, tmp_path):
    """Every spike of both layers in 20 samples, whatever the decays."""
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    path = tmp_path / "a.net"
    path.write_bytes((CASES / "20_equal_decays.net").read_bytes())
    with h5py.File(path, "r+") as file:
        for number in (0, 1):
            file[f"layer/{number}/neuron/iDecay"][...] = du + 1
            file[f"layer/{number}/neuron/vDecay"][...] = dv
    artifact = ls.import_network(path, data="digits").artifact
    n_spikes, wrong = compare_with_lava(artifact, 20)
    assert min(n_spikes) > 100 and wrong == 0


def compare_with_lava(artifact, n_samples):
    """Spikes of each layer in stock neurons, and how many differ in the engine."""
    from lava.proc.lif.models import PyLifModelBitAcc
    from lava.proc.lif.process import LIF
    from lava_models import make_model, step

    from lava_sfdfa.data.datasets import load_dataset
    from lava_sfdfa.data.encoding import encode
    from lava_sfdfa.engine.engine import Engine

    network = artifact.network
    test = load_dataset("digits").test.first(n_samples)
    events, engine = encode(test, artifact.config).events, Engine(network)
    n_spikes, wrong = np.zeros(len(network.layers), int), 0
    for sample in range(n_samples):
        sent = events.dense(sample, network.steps)
        # A dense layer delays by one step.
        for number, layer in enumerate(network.layers):
            sent = np.vstack([np.zeros_like(sent[:1]), sent[:-1]])
            neurons = LIF(
                shape=(layer.n_post,), du=layer.du, dv=layer.dv, vth=layer.vth
            )
            model, spikes = make_model(neurons, PyLifModelBitAcc), []
            for before in sent:
                step(model, a_in=layer.weights.astype(np.int64) @ before)
                spikes.append(model.s_out.value.astype(bool))
            sent = np.array(spikes)
            found = np.zeros_like(sent)
            found[engine.raster(events, sample)[number]] = True
            wrong += np.count_nonzero(found != sent)
            n_spikes[number] += sent.sum()
    return n_spikes, wrong


def numpy_spikes(layer, steps, shown):
    """Spikes of a layer of a netx file in plain numpy: bool (steps, n_out), all counted
    by channel first. shown: bool (steps, channels, rows, columns)."""
    weight = layer["weight"][()].astype(np.int64)
    du, dv = int(layer["neuron/iDecay"][()]) - 1, int(layer["neuron/vDecay"][()])
    bias = 64 * layer["bias"][()].astype(np.int64).reshape(-1)
    if layer["type"][0] == b"input":
        total = weight.item() * shown
        bias = np.full(total.shape[1:], bias[0])
    elif layer["type"][0] == b"dense":
        total = shown.reshape(steps, -1) @ weight.reshape(len(bias), -1).T
    else:
        total = correlated(shown, weight.reshape(weight.shape[:4]), layer)
        bias = np.broadcast_to(bias[:, None, None], total.shape[1:])
    u, v = np.zeros_like(bias), np.zeros_like(bias)
    spikes = np.zeros(total.shape, bool)
    for step in range(steps):
        arrived = total[step - 1] if step else 0
        u = np.sign(u) * (abs(u) * (4095 - du) // 4096) + 64 * arrived
        v = np.sign(v) * (abs(v) * (4096 - dv) // 4096) + u + bias
        spikes[step] = v > 64 * int(layer["neuron/vThMant"][()])
        v = np.where(spikes[step], 0, v)
    return spikes


def correlated(shown, weight, layer):
    """A convolution as PyTorch defines it."""
    (up, left), (top, side) = layer["stride"][()], layer["padding"][()]
    shown = np.pad(shown, ((0, 0), (0, 0), (top, top), (side, side))).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(shown, weight.shape[2:], (2, 3))
    return np.einsum("tcyxij,ocij->toyx", windows[:, :, ::up, ::left], weight)


@pytest.mark.parametrize("name", ["tiny", "pilotnet_lif"])
def test_networks_of_images_spike_as_lava_dl_defines_them(name, tmp_path):
    """Noise of their size, through all layers. The bias of their inputs is left out,
    which would make all of these spike in every step."""
    path = without_input_bias(name, tmp_path)
    network = ls.import_network(path, steps=40).artifact.network
    steps, rng = network.steps, np.random.RandomState(1)
    with h5py.File(path) as file:
        groups = [file[f"layer/{n}"] for n in range(len(file["layer"]))]
        image = tuple(groups[0]["shape"][()])
        wanted = rng.rand(steps, *image) < 0.3
        events = as_events(wanted)
        shown = through_front(network.front, events, steps)
        groups = [group for group in groups if group["type"][0] != b"flatten"]
        for layer, group in zip(network.as_frozen, groups, strict=True):
            wanted = numpy_spikes(group, steps, wanted)
            events = through_front((layer,), events, steps)
            # Ours are counted by channel last.
            by_place = np.moveaxis(wanted, 1, -1) if wanted.ndim == 4 else wanted
            got = events.dense(0, steps)
            np.testing.assert_array_equal(got, by_place.reshape(steps, -1))
            is_last = layer.n_post == network.sizes[-1]
            assert is_last or (wanted.any() and not wanted.all())
    step, neuron = Engine(network).raster(shown, 0)[-1]
    spikes = np.zeros((steps, network.sizes[-1]), bool)
    spikes[step, neuron] = True
    np.testing.assert_array_equal(spikes, wanted.reshape(steps, -1))
    assert wanted.any() == (name == "tiny")  # pilotnet's is read by its v


def without_input_bias(name, folder):
    """A copy of a network, whose inputs spike where samples do."""
    path = folder / f"{name}.net"
    with h5py.File(CASES / f"third/{name}.net") as old, h5py.File(path, "w") as new:
        for entry in old:
            old.copy(entry, new)
        new["layer/0/bias"][...] = 0
    return path


def as_events(shown):
    """One sample. shown: bool (steps, ...)."""
    rows = shown.reshape(len(shown), -1)
    index = np.nonzero(rows)[1].astype(np.uint16)
    counts = rows.sum(axis=1, dtype=np.int32)[None]
    return Events(index, counts, np.array([0, index.size]), rows.shape[1])


def test_the_output_of_a_regression_is_in_its_score(tmp_path):
    """A network with one output, for which 16 steps are few: its v tells it."""
    path = CASES / "third/pilotnet_lif.net"
    notes = "\n".join(ls.import_network(path).notes)
    for said in ("with steps 26", "says nothing of samples here", "in the scores"):
        assert said in notes
    model = ls.import_network(without_input_bias("pilotnet_lif", tmp_path), steps=40)
    assert not any("says nothing of samples" in note for note in model.notes)
    x = np.random.RandomState(0).randint(0, 256, (4, 3, 66, 200)).astype(np.uint8)
    scores = model.scores(x)
    assert scores.shape == (4, 1) and len(np.unique(scores)) > 1
    assert not model.predict(x).any()


@pytest.mark.parametrize(
    "name", ["tiny", "pilotnet_lif", "oxford", "trained_mnist_network"]
)
def test_networks_of_others_come_back_from_a_file_of_ours(name, tmp_path):
    """Every integer of every layer."""
    model = ls.import_network(CASES / f"third/{name}.net")
    model.export(tmp_path / "a.net")
    again = ls.import_network(tmp_path / "a.net").artifact.network
    assert again.steps == model.artifact.network.steps
    layers = zip(again.as_frozen, model.artifact.network.as_frozen, strict=True)
    for got, wanted in layers:
        for field in dataclasses.fields(wanted):
            a, b = getattr(got, field.name), getattr(wanted, field.name)
            np.testing.assert_array_equal(a, b, field.name)


def test_a_recurrent_network_is_refused_with_layers_and_remedy(tmp_path):
    result = bring_in("third/recurrent_example.net", tmp_path / "out")
    for part in ("layer 0 is of the type", "layer 1 is of", "train it without recurr"):
        assert part in result.stderr


def test_the_network_of_a_tutorial_is_as_good_as_in_lava_dl(data_dir):
    """MNIST in the rate code of its tutorial (R. Gaurav, mnist-on-loihi): a pixel adds
    its share of 255 in every step and spikes above 1. lava-dl's 9-bit weights in plain
    numpy, which `extras/test_lava_dl_mnist.py` compares with lava-dl itself."""
    path, steps = CASES / "third/trained_mnist_network.net", 20
    data = load_dataset("mnist", data_dir).test.first(1000)
    shown = rate_code(data.images, steps)
    theirs = of_numpy(path, shown).sum(axis=1)
    model = ls.import_network(path, data="mnist", data_dir=data_dir, steps=steps)
    ours = Engine(model.artifact.network).scores(all_events(shown))
    accuracy = [np.mean(s.argmax(1) == data.labels) for s in (theirs, ours)]
    assert accuracy[0] > 0.93 and abs(accuracy[1] - accuracy[0]) < 0.003
    assert np.mean((np.rint(ours) == theirs).all(axis=1)) > 0.98
