"""Plans as files: digests, round trips, damage; and the report."""

import dataclasses
import json
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise

import h5py
import numpy as np
import pytest
from small import random_samples, small_config, small_network
from test_simulate import BOARD, make_artifact, scattered

from lava_sfdfa.deploy.boards import BOARDS
from lava_sfdfa.deploy.compiler import place_and_cost
from lava_sfdfa.deploy.mapping.activity import measure
from lava_sfdfa.deploy.mapping.fit import Request, fit
from lava_sfdfa.deploy.plan.files import read_plan, write_plan
from lava_sfdfa.deploy.plan.page import html_page
from lava_sfdfa.deploy.plan.report import si, text_report
from lava_sfdfa.errors import InputError


@pytest.fixture(scope="module")
def compiled():
    config = small_config(hidden=(10, 8))
    network = small_network(config)
    artifact = make_artifact(network, config)
    events, _ = random_samples(config, 5)
    request = Request(network.sizes, BOARD, "learning")
    report, graph, packed = fit(request)
    activity = measure(graph, network, events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BOARDS, BOARD.name, BOARD)
        yield place_and_cost(artifact, request, report, graph, packed, activity)


def test_a_plan_comes_back_as_it_was(compiled, tmp_path):
    digest = write_plan(tmp_path / "plan", compiled.content)
    assert sorted(path.name for path in (tmp_path / "plan").iterdir()) == [
        "plan.h5",
        "plan.json",
    ]
    found = read_plan(tmp_path / "plan")
    assert found.digest == digest == compiled.content.digest
    assert found.facts == compiled.content.facts
    assert found.arrays.keys() == compiled.content.arrays.keys()
    for name, array in compiled.content.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype


def test_a_plan_says_what_a_board_needs(compiled, tmp_path):
    write_plan(tmp_path, compiled.content)
    facts = json.loads((tmp_path / "plan.json").read_text())
    assert facts["period"] == facts["network"]["steps"] + 2 + 6
    ends = [phase[1] for phase in facts["phases"].values()]
    begins = [phase[0] for phase in facts["phases"].values()]
    order = sorted(zip(begins, ends, strict=True))
    assert order[0][0] == 0 and order[-1][1] == facts["period"]
    assert all(a[1] == b[0] for a, b in pairwise(order))
    assert len(facts["layers"]) == 3 and facts["layers"][0]["vth"] > 0
    assert "y0*y1*x1" in facts["layers"][0]["rules"]["dt"]
    assert "x0*(x1-64)" in facts["feedback_rule"]
    arrays = compiled.content.arrays
    use = arrays["core_use"]
    words = np.zeros(len(use), np.int64)
    for number, cut in enumerate(arrays["connection_slice"]):
        n_axons = len(compiled.content.weights_of(number))
        core = arrays["slice_core"][cut]
        words[core] += n_axons * arrays["connection_words"][number]
    np.testing.assert_array_equal(words, use[:, 1])
    np.testing.assert_array_equal(np.diff(arrays["axon_in_first"]), use[:, 0])
    assert words.min() >= 0 and words.max() > 10


def test_equal_input_gives_an_equal_digest_and_other_weights_another():
    config = small_config(hidden=(10, 8))
    network = small_network(config)
    digests = [
        scattered(make_artifact(network, config), "learning", 1).digest
        for _ in range(2)
    ]
    assert digests[0] == digests[1]
    weights = network.layers[0].weights.copy()
    weights[0, 0] += 1
    layer = dataclasses.replace(network.layers[0], weights=weights)
    other = dataclasses.replace(network, layers=(layer, *network.layers[1:]))
    plan = scattered(make_artifact(other, config), "learning", 1)
    assert plan.digest != digests[0]
    assert scattered(make_artifact(network, config), "learning", 2).digest != digests[0]


def damage_array(folder):
    with h5py.File(folder / "plan.h5", "r+") as file:
        file["axon_out_axon"][0] += 1


def damage_text(folder):
    path = folder / "plan.json"
    path.write_text(path.read_text().replace('"vth": ', '"vth": 1'))


def truncate(folder):
    path = folder / "plan.h5"
    path.write_bytes(path.read_bytes()[:3000])


def change(**values):
    def edit(folder):
        path = folder / "plan.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (damage_array, "is damaged: its content does not have the digest"),
        (damage_text, "is damaged"),
        (truncate, "is not a readable plan"),
        (change(version=2), "has the plan version 2; this lava-sfdfa reads 1"),
        (change(format="nir"), "is not a plan of lava-sfdfa"),
        (lambda folder: (folder / "plan.h5").unlink(), "is not a readable plan"),
        (lambda folder: (folder / "plan.json").unlink(), "there is no plan"),
        (lambda folder: (folder / "plan.json").write_text("[1"), "not a readable plan"),
    ],
)
def test_damaged_plans_are_refused(compiled, tmp_path, edit, message):
    write_plan(tmp_path, compiled.content)
    read_plan(tmp_path)
    edit(tmp_path)
    with pytest.raises(InputError, match=message):
        read_plan(tmp_path)


def test_nothing_half_written_stays(compiled, tmp_path, monkeypatch):
    monkeypatch.setattr(h5py.File, "create_dataset", fail)
    with pytest.raises(InputError, match="cannot be written"):
        write_plan(tmp_path, compiled.content)
    assert list(tmp_path.iterdir()) == []


def fail(*_, **__):
    raise OSError("disk full")


FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
)

# --- reports ----------------------------------------------------------------------


def test_the_text_report_has_the_figures(compiled):
    report = compiled.report
    text = text_report(report)
    assert f"{report.cores} cores on {report.chips} chips" in text
    for layer in report.layers:
        assert layer.name in text and layer.limiting_resource in text
    hops = f"{report.spike_hops_per_sample:,.0f} spike-hops"
    assert report.spike_hops_per_sample > 0 and hops in text
    assert "simulated" in text and "assumed" in text
    assert si(1.5e-5, "J") == "15 uJ" and si(0.25, "s") == "250 ms"


class Page(HTMLParser):
    """Counts tags, and that they are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.count = [], {}

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ("meta",):
            self.open.append(tag)
        assert not {"src", "href"} & dict(attrs).keys(), "needs another file"

    def handle_startendtag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_draws_every_core(compiled):
    page = Page()
    page.feed(html_page(compiled.report, compiled.placement))
    assert page.open == []
    places = len(compiled.placement.geometry.x)
    assert page.count["rect"] == places + 11 + 3 * len(compiled.report.resources)
    n_links = min(150, len(compiled.placement.traffic.messages))
    assert page.count["line"] == n_links > 0 and page.count["table"] == 3


def test_the_page_opens_in_a_browser(compiled, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed: the page was not opened in a browser")
    page = tmp_path / "report.html"
    page.write_text(html_page(compiled.report, compiled.placement), encoding="utf-8")
    flags = [f"--{flag}" for flag in FLAGS]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,1400"]
    flags += [f"--screenshot={tmp_path / 'page.png'}", "--enable-logging=stderr"]
    done = subprocess.run(
        [browser, *flags, page.as_uri()], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "CONSOLE" not in done.stderr
    import matplotlib.image

    image = matplotlib.image.imread(tmp_path / "page.png")[..., :3]
    assert image.shape[1] == 1200
    dark_blue = (image[..., 2] - image[..., 0] > 0.2) & (image[..., 0] < 0.3)
    orange = (image[..., 0] - image[..., 2] > 0.3) & (image[..., 0] > 0.8)
    assert dark_blue.sum() > 2000 and orange.sum() > 50  # full cores; links
