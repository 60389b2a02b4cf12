"""Pictures as SVG text. The same data gives the same bytes; only this module uses matplotlib."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import REFERENCE, TUTORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Mapping[str, str] = {name: method.colour for name, method in TUTORS.items()} | {REFERENCE: "#000000"}
MARKERS: Mapping[str, str] = {name: method.marker for name, method in TUTORS.items()} | {REFERENCE: "*"}

STYLE: Any = {
    "svg.hashsalt": "three-tutors",  # without it, ids in the file would be random
    "font.family": "DejaVu Sans",  # part of matplotlib, so it is the same on every machine
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "figure.dpi": 100,
}


@dataclass(frozen=True)
class Figure:
    """One picture with the words that stand for it."""

    name: str
    """File name without its ending."""
    title: str
    alt: str
    """The same in words, for people who cannot see the picture."""
    svg: str


@contextlib.contextmanager
def drawing(width: float, height: float) -> Iterator[tuple[Axes, io.StringIO]]:
    """Yield axes of `width` × `height` inches and a buffer that holds the SVG when the block ends."""
    import matplotlib as mpl  # noqa: PLC0415 - a second of loading that only a drawn picture pays
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415

    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(canvas)
        buffer = io.StringIO()
        yield canvas.add_subplot(), buffer
        canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})


def intervals(axes: Axes, rows: Sequence[str], series: Mapping[str, Sequence[Interval | None]]) -> None:
    """Draw the points of `series` with their intervals: in each row one point per tutor, one above the other."""
    spread = 0.7 / max(len(series), 1)
    for place, (name, points) in enumerate(series.items()):
        drawn = [(row + (place - (len(series) - 1) / 2) * spread, point) for row, point in enumerate(points) if point is not None]
        if not drawn:
            continue
        heights = [height for height, _ in drawn]
        values = [point.value for _, point in drawn]
        below = [0.0 if point.low is None else max(point.value - point.low, 0.0) for _, point in drawn]
        above = [0.0 if point.high is None else max(point.high - point.value, 0.0) for _, point in drawn]
        axes.errorbar(
            values, heights, xerr=[below, above], fmt=MARKERS.get(name, "o"), color=COLOURS.get(name, "#444444"),
            label=name, markersize=5, elinewidth=1.2, capsize=2,
        )  # fmt: skip
    for row in range(1, len(rows)):
        axes.axhline(row - 0.5, color="#dddddd", linewidth=0.8)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color="#eeeeee")


def lines(axes: Axes, series: Mapping[str, Sequence[tuple[float, float]]], colours: Mapping[str, str] | None = None) -> None:
    """Draw one line of (x, y) points for each name of `series`."""
    for name, points in series.items():
        axes.plot(
            [x for x, _ in points], [y for _, y in points],
            marker=MARKERS.get(name, "o"), markersize=4, linewidth=1.4, color=(colours or COLOURS).get(name), label=name,
        )  # fmt: skip
    axes.grid(color="#eeeeee")


def grid(axes: Axes, rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[float]], form: str = "{:.0f}") -> None:
    """Draw a table of numbers with darker cells for larger numbers; zeros stay empty."""
    most = max((value for row in counts for value in row), default=0) or 1
    axes.imshow([[value / most for value in row] for row in counts], cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
    for y, row in enumerate(counts):
        for x, value in enumerate(row):
            if value:
                axes.text(x, y, form.format(value), ha="center", va="center", color="#ffffff" if value / most > 0.8 else "#000000")  # noqa: PLR2004
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
