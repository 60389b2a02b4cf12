"""Pictures of costs: what each tutor costs by use, and which assumptions matter most."""

from __future__ import annotations

from three_tutors.pipeline.records import Record
from three_tutors.reporting.cost_benefit import ASSUMPTIONS, break_even_point, usd
from three_tutors.reporting.figures import Figure, drawing, lines
from three_tutors.tutoring.methods import TUTORS

SHOWN = 8
MICRO = 1_000_000
LOW, HIGH = "#0072B2", "#D55E00"
"""Colours of an assumption's lower and higher value, which colour-blind readers can tell apart."""


def cost_figures(costs: Record) -> list[Figure]:
    """Return the cost curve, and one tornado for each pair of tutors."""
    assumed = " (with the prompt that params.yaml assumes)" if costs.get("kept") else ""
    return [cost_curve(costs), *(tornado(table, assumed) for table in costs["sensitivity"] if table["swings"])]


def cost_curve(costs: Record) -> Figure:
    """Draw US dollars per month by conversations per month, one line for each tutor whose model is not shut down."""
    names = [name for name in TUTORS if name in costs["bills"] and costs["bills"][name]["monthly"] is not None]
    series: dict[str, list[tuple[float, float]]] = {
        name: [(point["conversations"], point[name] / MICRO) for point in costs["curve"]] for name in names
    }
    assumed = costs["assumed"]
    with drawing(6.4, 3.6) as (axes, svg):
        lines(axes, series)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.axvline(assumed["conversations_per_month"], color="#999999", linewidth=0.8, linestyle=":")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.set_xlabel("conversations a month")
        axes.set_ylabel("US dollars a month")
        axes.legend([f"{name} ({TUTORS[name].billed})" for name in names], frameon=False)
    bills = "; ".join(f"{name} {usd(costs['bills'][name]['monthly'])}" for name in names)
    evens = "; ".join(f"{one['challenger']} against {one['incumbent']}: {break_even_point(one)}" for one in costs["break_even"])
    return Figure(
        name="cost_curve",
        title=f"What each tutor costs a month, {assumed['model']}",
        alt=f"At {assumed['conversations_per_month']:,} conversations a month: {bills}. Break-even: {evens}.".replace("*", ""),
        svg=svg.getvalue(),
    )


def tornado(table: Record, assumed: str = "") -> Figure:
    """Draw how far each assumption moves the monthly difference between two tutors, the strongest at the top.

    `assumed` says of which prompt the table is, where that is not the one that the bills are for.
    """
    swings = table["swings"][:SHOWN]
    names = [ASSUMPTIONS.get(swing["assumption"], swing["assumption"]) for swing in swings]
    at = table["at"] / MICRO
    with drawing(6.4, 0.8 + 0.34 * len(swings)) as (axes, svg):
        for row, swing in enumerate(swings):
            for end, colour in (("low", LOW), ("high", HIGH)):
                value = swing[f"at_{end}"] / MICRO
                axes.barh(row, value - at, left=at, height=0.6, color=colour)
                outward = value > at if value != at else end == "high"
                axes.annotate(
                    swing[end], (value, row), xytext=(3 if outward else -3, 0), textcoords="offset points",
                    ha="left" if outward else "right", va="center", fontsize=7,
                )  # fmt: skip
        axes.axvline(at, color="#000000", linewidth=0.8)
        axes.axvline(0, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel(f"US dollars a month, {table['challenger']} minus {table['incumbent']}")
    moved = "; ".join(
        f"{name}, {swing['low']} to {swing['high']}: {usd(swing['at_low'])} to {usd(swing['at_high'])}"
        for name, swing in zip(names, swings, strict=True)
    )
    return Figure(
        name=f"cost_tornado_{table['challenger']}_{table['incumbent']}",
        title=f"What moves the difference between {table['challenger']} and {table['incumbent']} most{assumed}",
        alt=f"The difference{assumed} is {usd(table['at'])} a month. {moved}.",
        svg=svg.getvalue(),
    )
