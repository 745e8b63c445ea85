"""From a network to a plan: fit, count, place, cost; and what can be done with it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Eligibility
from lava_sfdfa.console import progress_bar
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset, Images
from lava_sfdfa.deploy.boards import Board, find_board
from lava_sfdfa.deploy.mapping.activity import Activity, measure
from lava_sfdfa.deploy.mapping.costs import Placement, costs_of, place_network
from lava_sfdfa.deploy.mapping.fit import FitReport, Request, fit
from lava_sfdfa.deploy.mapping.graph import Graph, Mode, parse_layers
from lava_sfdfa.deploy.mapping.partition import Partition
from lava_sfdfa.deploy.plan.check import Checked, check_content
from lava_sfdfa.deploy.plan.files import read_plan, write_plan
from lava_sfdfa.deploy.plan.page import html_page
from lava_sfdfa.deploy.plan.plan import PlanContent, build_plan
from lava_sfdfa.deploy.plan.report import CompileReport, text_report
from lava_sfdfa.deploy.run.run import RunResult, Target, run_plan
from lava_sfdfa.errors import CheckError
from lava_sfdfa.files import write_files
from lava_sfdfa.network.artifact import (
    NO_DATA,
    Artifact,
    check_fits,
    check_learns,
    known_source,
)

N_SAMPLES = 100  # of the validation part, whose spikes are counted
N_NOISE = 10  # samples of noise, for a network that has no data set
NOISE = (
    "samples are noise in which every input spikes, since the network was imported "
    "without a data set; name one with --dataset for its real activity"
)
REPORT, PAGE = "report.txt", "report.html"


@dataclass(frozen=True, repr=False)
class Plan:
    """A network placed on a board: what `compile` gives and `load_plan` reads.

    content: what is in its files; placement and kept_report: where its cores stand, and
    its report, None for a plan that was read; data: the data set of the network, where
    it is at hand.
    """

    content: PlanContent
    placement: Placement | None = None
    kept_report: CompileReport | None = None
    data: Dataset | None = None

    def __repr__(self) -> str:
        layers = "-".join(map(str, self.content.sizes))
        facts = self.content.facts
        board, n_cores = facts["costs"]["board"], len(self.content.arrays["core_place"])
        mode, digest = self.content.mode, self.digest[:12]
        return f"Plan({layers}, {board!r}, {mode!r}, {n_cores} cores, {digest})"

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return self.content.digest

    @property
    def report(self) -> CompileReport:
        """Whether and how the network fits the board, and what a sample costs."""
        if self.kept_report is not None:
            return self.kept_report
        facts, board = self.content.facts, self.content.board
        costs = {k: v for k, v in facts["costs"].items() if k != "board"}
        front = self.content.front
        request = Request(
            self.content.sizes[len(front) :],
            board,
            self.content.mode,
            facts["network"]["feedback_kind"],
            facts["eligibility"],
            front,
        )
        return CompileReport(**vars(fit(request)[0]), **costs, digest=self.digest)

    def save(self, folder: str | Path) -> str:
        """Write the plan and its report into a folder; returns the digest.

        `plan.json`, `plan.h5`, `report.txt` and, unless the plan was read from files,
        `report.html`. Errors: InputError where the folder cannot be written.
        """
        folder = Path(folder)
        text = text_report(self.report) + "\n"
        writers = {REPORT: lambda path: path.write_text(text, "utf-8")}
        if self.placement is not None:
            page = html_page(self.report, self.placement)
            writers[PAGE] = lambda path: path.write_text(page, "utf-8")
        digest = write_plan(folder, self.content)
        write_files(folder, writers)
        return digest

    def run(
        self,
        samples: int = 100,
        *,
        data: object = None,
        data_dir: str | Path | None = None,
        target: Target = "sim",
        progress: bool = False,
    ) -> RunResult:
        """Run samples as the plan is placed, on the simulator of plans or on a board.

        A plan that learns takes training samples and predicts each before it learns
        it; another takes test samples. data: as `train` takes it, by default that of
        the network. Errors: InputError, BackendError where there is no board.
        """
        chosen = self.data if data is None else data
        if chosen is None:
            chosen = known_source(self.content)
        folder = None if data_dir is None else Path(data_dir)
        dataset = as_dataset(chosen, folder)
        with progress_bar("running", progress) as show:
            return run_plan(self.content, target, dataset, samples, show)

    def check(self) -> Checked:
        """Prove that the plan is whole: every neuron is placed once, axons lead where
        the graph says, integers and use are within limits, rules and phases are those
        of the network. Errors: InputError, CheckError."""
        return check_content(self.content)


def load_plan(folder: str | Path) -> Plan:
    """Read a plan, and prove that it is whole. Errors: InputError, CheckError."""
    return Plan(read_plan(Path(folder)))


def fit_layers(
    layers: str | tuple[int, ...] | list[int],
    board: str,
    mode: Mode = "learning",
    eligibility: Eligibility = "trace",
    conservative: bool = False,
) -> FitReport:
    """Whether a network of these layers fits a board; nothing is trained.

    layers: inputs, hidden layers, outputs; conservative: with the smaller budgets of an
    older release of the compiler. Errors: InputError.
    """
    sizes = parse_layers(layers)
    target = find_board(board, conservative)
    return fit(Request(sizes, target, mode, eligibility=eligibility))[0]


def request_of(artifact: Artifact, board: Board, mode: Mode) -> Request:
    """What an artifact asks of a board. Errors: InputError where it shall learn and was
    imported without a rule."""
    if mode == "learning":
        check_learns(artifact)
    network, config = artifact.network, artifact.config
    return Request(
        network.sizes,
        board,
        mode,
        network.feedback_kind,
        config.eligibility,
        network.front,
    )


def fit_artifact(
    artifact: Artifact, board: str, mode: Mode, conservative: bool = False
) -> FitReport:
    """Whether a trained network fits a board. Errors: InputError."""
    return fit(request_of(artifact, find_board(board, conservative), mode))[0]


def compile_artifact(
    artifact: Artifact,
    data: Dataset | None,
    board: str,
    mode: Mode,
    conservative: bool = False,
) -> Plan:
    """The plan of an artifact on a board; nothing is written.

    data: what it was trained on, whose validation part shows how much it spikes; None
    where that is not known, for which noise is assumed.
    Errors: CheckError where it does not fit, with what would make it fit; InputError.
    """
    request = request_of(artifact, find_board(board, conservative), mode)
    report, graph, packed = fit(request)
    if packed is None or not report.fits:
        raise CheckError(report.sentence)
    if data is None:
        report = replace(report, notes=[*report.notes, NOISE])
    activity = count_activity(artifact, graph, data or noise(artifact))
    plan = place_and_cost(artifact, request, report, graph, packed, activity)
    return replace(plan, data=data)


def count_activity(artifact: Artifact, graph: Graph, data: Dataset) -> Activity:
    """Spikes, messages and updates on samples of a data set. Errors: InputError."""
    check_fits(artifact, data)
    samples = data.validation if len(data.validation) else data.train
    part = encode(samples.first(N_SAMPLES), artifact.config)
    events, n_learned = part.events, artifact.n_learned
    return measure(graph, artifact.network, events, n_learned, artifact.rates)


def noise(artifact: Artifact) -> Dataset:
    """Grey noise of the shape of its samples, the same on every machine, as the
    training part of a data set."""
    n_in = artifact.sizes[0]
    bits = random.draw_many(0, random.SPLIT, 0, 0, N_NOISE * n_in)
    grey = (1 + bits % 255).astype(np.uint8).reshape(N_NOISE, n_in)
    samples = Images(grey, np.zeros(N_NOISE, np.int64))
    none = samples.first(0)
    return Dataset(NO_DATA, artifact.shape, 1, samples, none, none)


def place_and_cost(
    artifact: Artifact,
    request: Request,
    report: FitReport,
    graph: Graph,
    packed: Partition,
    activity: Activity,
) -> Plan:
    """Places for the cores, the costs of a sample there, and the plan."""
    n_chips = request.chips(packed.n_cores)
    placement = place_network(request.board, graph, packed, n_chips, activity)
    costs = costs_of(placement, activity)
    content = build_plan(artifact, placement, costs)
    full_report = CompileReport(**vars(report), **vars(costs), digest=content.digest)
    return Plan(content, placement, full_report)
