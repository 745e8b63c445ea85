"""The report of `fit` and `compile` as plain text."""

from dataclasses import dataclass

from lava_sfdfa.deploy.mapping.costs import SampleCosts
from lava_sfdfa.deploy.mapping.fit import FitReport, LayerFit


@dataclass(frozen=True, kw_only=True)
class CompileReport(FitReport, SampleCosts):
    """Where a network was placed, and what a sample costs there.

    digest: of the plan's content.
    """

    digest: str


COLUMNS = ("layer", "neurons", "a core", "cores", "limited by", "full")


def text_report(report: FitReport) -> str:
    """Lines for people: what fits, what limits it, what it costs."""
    lines = [headline(report), ""]
    if report.reason is not None:
        return "\n".join([*lines, report.reason, *notes(report)])
    rows = [COLUMNS, *(layer_row(layer) for layer in report.layers)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
    for row in rows:
        cells = (
            cell.ljust(width) if k in (0, 4) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    lines += ["", *core_lines(report), *cost_lines(report), *notes(report)]
    return "\n".join(lines)


def headline(report: FitReport) -> str:
    """One line: network, board, whether it fits."""
    network = "-".join(map(str, report.sizes))
    answer = "fits" if report.fits else "does not fit"
    cores = ""
    if report.cores is not None and report.chips is not None:
        on_chips = plural(report.chips, "chip")
        cores = f": {plural(report.cores, 'core')} on {on_chips}"
    return (
        f"{network}, {report.mode}, {answer} {report.board} "
        f"({plural(report.chips_of_board, 'chip')} of {report.chip}){cores}"
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def layer_row(layer: LayerFit) -> tuple[str, ...]:
    """The cells of a layer, in the order of `COLUMNS`."""
    return (
        layer.name,
        f"{layer.neurons:,}",
        f"{layer.neurons_per_core:,}",
        f"{layer.cores:,}",
        layer.limiting_resource,
        f"{layer.utilisation:.1%}",
    )


def core_lines(report: FitReport) -> list[str]:
    """What never learns, lower bound, and what would help."""
    bound = report.lower_bound
    if bound is None:
        return []
    lines = [
        f"{layer.name}: frozen, {layer.frozen}"
        for layer in report.layers
        if layer.frozen is not None
    ]
    lines += [
        f"lower bound (need over budget): {plural(bound.cores, 'core')}, "
        f"{report.above_bound:.1%} above it"
    ]
    if report.why_above:
        lines.append(f"  because {report.why_above}")
    if report.smallest_change:
        lines.append(f"smallest change that makes it fit: {report.smallest_change}")
    return lines + report.savings


def cost_lines(report: FitReport) -> list[str]:
    """Hops, energy and time of a sample, where they were computed."""
    if not isinstance(report, CompileReport):
        return []
    energy, time = report.energy_per_sample_joule, report.time_per_sample_s
    return [
        f"a sample (simulated, mean of {report.samples_measured}): "
        f"{report.spike_hops_per_sample:,.0f} spike-hops "
        f"({report.sequential_hops_per_sample:,.0f} if placed in sequence), "
        f"{report.messages_per_sample:,.0f} messages between cores",
        f"energy {si(energy['low'], 'J')} to {si(energy['high'], 'J')}, "
        f"time {si(time['low'], 's')} to {si(time['high'], 's')} "
        "(constants of Loihi 1)",
        *([f"  {energy['note']}"] if energy["note"] else []),
        *learning_lines(report),
    ]


def learning_lines(report: CompileReport) -> list[str]:
    """What the rules take of the energy: how often they visit synapses decides."""
    low, high = (report.energy_by_kind[end]["learning"] for end in ("low", "high"))
    if high == 0:
        return []
    return [
        f"  of it learning {si(low, 'J')} (visits where both sides spiked) to "
        f"{si(high, 'J')} (every plastic synapse in every step)"
    ]


def notes(report: FitReport) -> list[str]:
    """What is assumed."""
    return [f"assumed: {note}" for note in report.notes]


def si(value: float, unit: str) -> str:
    """A number with three figures and a prefix."""
    for power, prefix in ((1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n")):
        if value >= power:
            return f"{value / power:.3g} {prefix}{unit}"
    return f"{value / 1e-12:.3g} p{unit}"
