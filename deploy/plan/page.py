"""The report of `compile` as one HTML page that needs nothing else.

A picture of the chips and their cores (inline SVG), bars of the resources, tables.
"""

from collections.abc import Sequence
from html import escape

import numpy as np

from lava_sfdfa.deploy.boards import RESOURCES, UNLIMITED
from lava_sfdfa.deploy.mapping.costs import Placement
from lava_sfdfa.deploy.plan.report import (
    COLUMNS,
    CompileReport,
    core_lines,
    headline,
    layer_row,
    notes,
    si,
)
from lava_sfdfa.types import Array

CORE, TILE, GAP = 17, 40, 26  # sides in pixels: core, tile with its margin, chips apart
WIDTH = 1040  # of the page in pixels
MOST_CHIPS = 64  # drawn
MOST_LINKS = 150  # drawn, the strongest
MOST_ROWS = 200  # of the table of cores
PLAIN = 'stroke="#c6ced8" stroke-width=".6"'
FROZEN = 'stroke="#0b7a75" stroke-width="1.8"'  # a core with frozen neurons
FROZEN_WORDS = "Green frames: cores with neurons of frozen layers. "
STYLE = """
body{font:14px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;margin:2rem auto;
 max-width:1080px;padding:0 1rem}
h1{font-size:1.35rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:.3rem 0}.dim{color:#5b6675}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid #e4e8ee}
th{font-weight:600;color:#5b6675}td:first-child,th:first-child,.l{text-align:left}
.scroll{overflow:auto;max-height:32rem;border:1px solid #e4e8ee;border-radius:6px;
 padding:.6rem}
svg text{font:11px system-ui,sans-serif;fill:#5b6675}
"""


def html_page(report: CompileReport, placement: Placement) -> str:
    """The whole page."""
    sections = {
        "Chips and cores": chips_section(placement),
        "Resources of the cores": bars_section(report),
        "Layers": table(COLUMNS, [layer_row(layer) for layer in report.layers]),
        "Energy and time of a sample": energy_section(report),
        "Cores": cores_section(report, placement),
        "What is assumed": "".join(f"<p>{escape(n)}</p>" for n in notes(report)),
    }
    title = headline(report)
    body = "".join(f"<h2>{name}</h2>{text}" for name, text in sections.items() if text)
    lines = "".join(f"<p>{escape(line)}</p>" for line in core_lines(report))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{lines}"
        f'<p class="dim">Simulated; nothing ran on silicon. Plan '
        f"{report.digest[:16]}.</p>{body}</body></html>\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text cells."""
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>")
    return f"<table>{''.join(lines)}</table>"


# --- the picture ------------------------------------------------------------------


def shares(placement: Placement) -> Array:
    """How full each core is, by resource; 0 for one that has no limit."""
    limits = placement.board.model.limit_vector
    return np.where(limits < UNLIMITED, placement.packed.use / limits, 0.0)


def colour(share: float) -> str:
    """From almost white to dark blue."""
    light, dark = (233, 241, 250), (8, 48, 107)
    mixed = (round(a + (b - a) * share) for a, b in zip(light, dark, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def corners(placement: Placement, places: Array) -> tuple[Array, Array]:
    """Upper left corners of places in the picture, in pixels."""
    geometry, (wide, high, per_tile) = placement.geometry, placement.board.model.mesh
    x, y = geometry.x[places], geometry.y[places]
    within = places % geometry.cores_per_chip % per_tile
    left = x * TILE + x // wide * GAP + within % 2 * (CORE + 1)
    top = y * TILE + y // high * (GAP + 8) + within // 2 * (CORE + 1) + 20
    return left + 8, top


def chips_section(placement: Placement) -> str:
    """Heat map of the fullest resource, with the strongest links."""
    geometry = placement.geometry
    places = np.arange(len(geometry.x))
    places = places[geometry.chip(places) < MOST_CHIPS]
    left, top = corners(placement, places)
    share = shares(placement)
    frozen = frozen_cores(placement)
    core_at = {int(place): core for core, place in enumerate(placement.place)}
    parts = []
    for place, x, y in zip(places.tolist(), left, top, strict=True):
        core = core_at.get(place)
        fill = "#f6f7f9" if core is None else colour(share[core].max())
        tip = "free" if core is None else core_title(placement, core, share[core])
        parts.append(
            f'<rect x="{x}" y="{y}" width="{CORE}" height="{CORE}" rx="2" '
            f'fill="{fill}" {FROZEN if core in frozen else PLAIN}>'
            f"<title>{escape(tip)}</title></rect>"
        )
    parts += [*links(placement), *chip_names(placement)]
    width, height = int(left.max()) + 40, int(top.max()) + 40
    scale = min(max(WIDTH / width, 1.0), 1.6)
    n_drawn = min(placement.n_chips, MOST_CHIPS)
    words = (
        f"Colour: the fullest resource of a core. Lines: the {MOST_LINKS} strongest "
        "links, the wider the more messages. Point at a core to see what it holds. "
        f"{FROZEN_WORDS if frozen else ''}How tiles are arranged is not published. "
        f"{n_drawn} of {placement.n_chips} chips in use are drawn."
    )
    return (
        f'<p class="dim">{words}</p>{legend()}<div class="scroll">'
        f'<svg width="{width * scale:.0f}" height="{height * scale:.0f}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="chips and cores">{"".join(parts)}</svg></div>'
    )


def frozen_cores(placement: Placement) -> set[int]:
    """Cores that hold neurons of frozen layers."""
    packed, n_frozen = placement.packed, len(placement.graph.front)
    held = (packed.population >= 1) & (packed.population <= n_frozen)
    return set(packed.core[held].tolist())


def legend() -> str:
    """The scale of the heat map."""
    steps = [
        f'<rect x="{k * 20}" width="20" height="12" fill="{colour(k / 10)}"/>'
        for k in range(11)
    ]
    return (
        '<svg width="330" height="14"><text x="0" y="11">0 %</text>'
        f'<g transform="translate(34 0)">{"".join(steps)}</g>'
        '<text x="262" y="11">100 % full</text></svg>'
    )


def core_title(placement: Placement, core: int, share: Array) -> str:
    """What a core holds, in words."""
    packed, names = placement.packed, placement.graph.populations
    held = [
        f"{names[packed.population[cut]].name} {packed.begin[cut]}"
        f"..{packed.end[cut] - 1}"
        for cut in np.flatnonzero(packed.core == core)
    ]
    worst = int(np.argmax(share))
    return f"core {core}: {', '.join(held)}; {RESOURCES[worst]} {share[worst]:.1%}"


def links(placement: Placement) -> list[str]:
    """Lines between the cores that exchange most."""
    traffic, places = placement.traffic, placement.place
    chip = placement.chip
    drawn = np.flatnonzero(
        (chip[traffic.source] < MOST_CHIPS) & (chip[traffic.target] < MOST_CHIPS)
    )
    order = drawn[np.argsort(-traffic.messages[drawn], kind="stable")][:MOST_LINKS]
    if not len(order):
        return []
    left, top = (corner + CORE / 2 for corner in corners(placement, places))
    most, lines = traffic.messages[order[0]], []
    for link in order:
        a, b = traffic.source[link], traffic.target[link]
        weight = float(traffic.messages[link] / most)
        per_sample = traffic.messages[link] / traffic.n_samples
        lines.append(
            f'<line x1="{left[a]:.1f}" y1="{top[a]:.1f}" x2="{left[b]:.1f}" '
            f'y2="{top[b]:.1f}" stroke="#d9480f" '
            f'stroke-opacity="{0.1 + 0.4 * weight:.2f}" '
            f'stroke-width="{0.5 + 2.5 * weight:.2f}"><title>core {a} to {b}: '
            f"{per_sample:,.1f} messages a sample</title></line>"
        )
    return lines


def chip_names(placement: Placement) -> list[str]:
    """A caption above each chip that is drawn."""
    n = placement.geometry.cores_per_chip
    used = np.bincount(placement.chip)
    first = np.arange(min(placement.n_chips, MOST_CHIPS)) * n
    left, top = corners(placement, first)
    return [
        f'<text x="{x}" y="{y - 6}">chip {chip}: {used[chip]} of {n} cores</text>'
        for chip, (x, y) in enumerate(zip(left, top, strict=True))
    ]


# --- bars and tables ----------------------------------------------------------------


def bars_section(report: CompileReport) -> str:
    """For every resource the fullest core (light) and the mean (dark)."""
    parts = []
    resources = report.resources
    for row, (name, entry) in enumerate(resources.items()):
        y = row * 24
        label = f"{entry.highest:.1%}, mean {entry.mean:.1%} of {entry.limit:,}"
        parts.append(
            f'<text x="0" y="{y + 12}">{name}</text>'
            f'<rect x="110" y="{y}" width="500" height="16" fill="#f0f2f5"/>'
            f'<rect x="110" y="{y}" width="{500 * entry.highest:.1f}" height="16" '
            f'fill="#9ec5e8"/><rect x="110" y="{y + 4}" '
            f'width="{500 * entry.mean:.1f}" height="8" fill="#08306b"/>'
            f'<text x="620" y="{y + 12}">{label}</text>'
        )
    height = 24 * len(resources)
    return (
        '<p class="dim">Light: the fullest core. Dark: the mean of those in use.</p>'
        f'<svg width="860" height="{height}" role="img" aria-label="resources">'
        f"{''.join(parts)}</svg>"
    )


def energy_section(report: CompileReport) -> str:
    """The band, by kind of work, with the sources of the constants."""
    low, high = (report.energy_by_kind[end] for end in ("low", "high"))
    rows = [
        (kind, si(low[kind], "J"), si(high[kind], "J"))
        for kind in low
        if kind not in ("joule", "seconds")
    ]
    rows.append(("energy in all", si(low["joule"], "J"), si(high["joule"], "J")))
    rows.append(("time", si(low["seconds"], "s"), si(high["seconds"], "s")))
    words = [
        f"{report.spike_hops_per_sample:,.0f} spike-hops a sample; placed in "
        f"sequence it would be {report.sequential_hops_per_sample:,.0f}. "
        f"{report.messages_per_sample:,.0f} messages between cores, "
        f"{report.messages_between_chips_per_sample:,.0f} of them between chips. "
        f"Mean of {report.samples_measured} samples in the engine.",
        report.energy_per_sample_joule["note"] or "",
        "Learning, low: only synapses with a spike on both sides are visited; high: "
        "every plastic synapse in every step.",
        *(
            f"{end}: {what}: {source}"
            for end, sources in report.constants.items()
            for what, source in sources.items()
        ),
    ]
    text = "".join(f'<p class="dim">{escape(line)}</p>' for line in words if line)
    return table(("", "low", "high"), rows) + text


def cores_section(report: CompileReport, placement: Placement) -> str:
    """The cores one by one."""
    share = shares(placement)
    n = placement.geometry.cores_per_chip
    shown = [k for k, name in enumerate(RESOURCES) if name in report.resources]
    head = ("core", "chip", "place", "holds", *(RESOURCES[k] for k in shown))
    rows = []
    for core in range(min(placement.packed.n_cores, MOST_ROWS)):
        held = core_title(placement, core, share[core]).partition(": ")[2]
        where = (str(placement.chip[core]), str(placement.place[core] % n))
        full = (f"{share[core, k]:.1%}" for k in shown)
        rows.append((str(core), *where, held.partition(";")[0], *full))
    more = placement.packed.n_cores - len(rows)
    rest = f'<p class="dim">and {more:,} more</p>' if more else ""
    return f'<div class="scroll">{table(head, rows)}{rest}</div>'
