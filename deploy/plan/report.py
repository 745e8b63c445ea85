"""The report of `fit` and `compile` as plain text."""

from typing import Any

COLUMNS = ("layer", "neurons", "a core", "cores", "limited by", "full")


def text_report(summary: dict[str, Any]) -> str:
    """Lines for people: what fits, what limits it, what it costs."""
    lines = [headline(summary), ""]
    if "reason" in summary:
        return "\n".join([*lines, summary["reason"], *notes(summary)])
    rows = [COLUMNS, *(layer_row(layer) for layer in summary["layers"])]
    widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
    for row in rows:
        cells = (
            cell.ljust(width) if k in (0, 4) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    lines += ["", *core_lines(summary), *cost_lines(summary), *notes(summary)]
    return "\n".join(lines)


def headline(summary: dict[str, Any]) -> str:
    """One line: network, board, whether it fits."""
    network = "-".join(map(str, summary["sizes"]))
    answer = "fits" if summary["fits"] else "does not fit"
    cores = ""
    if summary["cores"] is not None:
        on_chips = plural(summary["chips"], "chip")
        cores = f": {plural(summary['cores'], 'core')} on {on_chips}"
    return (
        f"{network}, {summary['mode']}, {answer} {summary['board']} "
        f"({plural(summary['chips_of_board'], 'chip')} of {summary['chip']}){cores}"
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def layer_row(layer: dict[str, Any]) -> tuple[str, ...]:
    """The cells of a layer, in the order of `COLUMNS`."""
    return (
        layer["name"],
        f"{layer['neurons']:,}",
        f"{layer['neurons_per_core']:,}",
        f"{layer['cores']:,}",
        layer["limiting_resource"],
        f"{layer['utilisation']:.1%}",
    )


def core_lines(summary: dict[str, Any]) -> list[str]:
    """Lower bound and what would help."""
    bound = summary["lower_bound"]
    lines = [
        f"lower bound (need over budget): {plural(bound['cores'], 'core')}, "
        f"{summary['above_bound']:.1%} above it"
    ]
    if summary["why_above"]:
        lines.append(f"  because {summary['why_above']}")
    if summary["smallest_change"]:
        lines.append(f"smallest change that makes it fit: {summary['smallest_change']}")
    return lines + summary["savings"]


def cost_lines(summary: dict[str, Any]) -> list[str]:
    """Hops, energy and time of a sample, where they were computed."""
    if "energy_per_sample_joule" not in summary:
        return []
    energy, time = summary["energy_per_sample_joule"], summary["time_per_sample_s"]
    return [
        f"a sample (simulated, mean of {summary['samples_measured']}): "
        f"{summary['spike_hops_per_sample']:,.0f} spike-hops "
        f"({summary['sequential_hops_per_sample']:,.0f} if placed in sequence), "
        f"{summary['messages_per_sample']:,.0f} messages between cores",
        f"energy {si(energy['low'], 'J')} to {si(energy['high'], 'J')}, "
        f"time {si(time['low'], 's')} to {si(time['high'], 's')} "
        "(constants of Loihi 1)",
        *([f"  {energy['note']}"] if energy["note"] else []),
        *learning_lines(summary),
    ]


def learning_lines(summary: dict[str, Any]) -> list[str]:
    """What the rules take of the energy: how often they visit synapses decides."""
    low, high = (summary["energy_by_kind"][end]["learning"] for end in ("low", "high"))
    if high == 0:
        return []
    return [
        f"  of it learning {si(low, 'J')} (visits where both sides spiked) to "
        f"{si(high, 'J')} (every plastic synapse in every step)"
    ]


def notes(summary: dict[str, Any]) -> list[str]:
    """What is assumed."""
    return [f"assumed: {note}" for note in summary["notes"]]


def si(value: float, unit: str) -> str:
    """A number with three figures and a prefix."""
    for power, prefix in ((1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n")):
        if value >= power:
            return f"{value / power:.3g} {prefix}{unit}"
    return f"{value / 1e-12:.3g} p{unit}"
