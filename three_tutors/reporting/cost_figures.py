"""Pictures of costs: what each tutor costs by use, and which assumptions matter most."""

from __future__ import annotations

from three_tutors.pipeline.records import Record
from three_tutors.reporting.cost_benefit import ASSUMPTIONS, break_even_point, usd
from three_tutors.reporting.figures import COLOURS, MARKERS, Figure, Line, lines, ranges
from three_tutors.reporting.names import plain_name
from three_tutors.reporting.svg import Scale
from three_tutors.tutoring.methods import TUTORS

SHOWN = 8
MICRO = 1_000_000


def cost_figures(costs: Record) -> list[Figure]:
    """Return the cost curve, and one tornado for each pair of tutors."""
    assumed = " (with the prompt that params.yaml assumes)" if costs.get("kept") else ""
    return [cost_curve(costs), *(tornado(table, assumed) for table in costs["sensitivity"] if table["swings"])]


def cost_curve(costs: Record) -> Figure:
    """Draw US dollars per month by conversations per month, one line for each tutor whose model is not shut down."""
    names = [name for name in TUTORS if name in costs["bills"] and costs["bills"][name]["monthly"] is not None]
    series = [
        Line(plain_name(name), [(point["conversations"], point[name] / MICRO) for point in costs["curve"]], COLOURS[name], MARKERS[name])
        for name in names
    ]
    across, up = ([point[side] for line in series for point in line.points if point[side] > 0] or [1.0] for side in (0, 1))
    axes = (Scale(min(across), max(across), _short, log=True), Scale(min(up), max(up), _short, log=True))
    assumed = costs["assumed"]
    bills = "; ".join(f"{name} {usd(costs['bills'][name]['monthly'])}" for name in names)
    evens = "; ".join(f"{one['challenger']} against {one['incumbent']}: {break_even_point(one)}" for one in costs["break_even"])
    alt = f"At {assumed['conversations_per_month']:,} conversations a month: {bills}. Break-even: {evens}.".replace("*", "")
    svg = lines(series, axes, ("conversations a month", "US dollars a month"), alt, assumed["conversations_per_month"])
    return Figure("cost_curve", f"What each tutor costs a month, {assumed['model']}", alt, svg)


def tornado(table: Record, assumed: str = "") -> Figure:
    """Draw how far each assumption moves the monthly difference between two tutors, the strongest at the top.

    `assumed` says of which prompt the table is, where that is not the one that the bills are for.
    """
    swings = table["swings"][:SHOWN]
    names = [ASSUMPTIONS.get(swing["assumption"], swing["assumption"]) for swing in swings]
    at = table["at"] / MICRO
    ends = [[(swing[f"at_{end}"] / MICRO, swing[end]) for end in ("low", "high")] for swing in swings]
    values = [at, 0.0, *(value for both in ends for value, _ in both)]
    scale = Scale(min(values), max(values), lambda dollars: usd(dollars * MICRO))
    rows = [(name, *both) for name, both in zip(names, ends, strict=True)]
    moved = "; ".join(
        f"{name}, {swing['low']} to {swing['high']}: {usd(swing['at_low'])} to {usd(swing['at_high'])}"
        for name, swing in zip(names, swings, strict=True)
    )
    alt = f"The difference{assumed} is {usd(table['at'])} a month. {moved}."
    return Figure(
        name=f"cost_tornado_{table['challenger']}_{table['incumbent']}",
        title=f"What moves the difference between {table['challenger']} and {table['incumbent']} most{assumed}, US dollars a month",
        alt=alt,
        svg=ranges(rows, at, scale, alt),
    )


def _short(value: float) -> str:
    """Return a round number in few letters: `1k`, `0.1`."""
    return f"{value / 1000:,g}k" if value >= 1000 else f"{value:g}"  # noqa: PLR2004 - a thousand
