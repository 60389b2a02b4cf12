"""Pictures as SVG that fits any screen: places are in per cent of the width, letters keep their size, ink takes the page's colour.

A point says its value when the pointer rests on it. The same data gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from three_tutors.reporting.names import plain_name
from three_tutors.reporting.svg import (
    AXIS,
    LEFT,
    LINE,
    RIGHT,
    SMALL,
    Scale,
    beside_axis,
    drawing,
    legend,
    legend_rows,
    level,
    place,
    point_mark,
    ticks,
    upright,
    whisker,
    whole,
    words,
)
from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import REFERENCE, TUTORS

COLOURS: Mapping[str, str] = {name: method.colour for name, method in TUTORS.items()} | {REFERENCE: "currentColor"}
MARKERS: Mapping[str, str] = {name: method.marker for name, method in TUTORS.items()} | {REFERENCE: "*"}
_ROOM = 0.2
"""Share of the width that the name of a bar may take."""
FILE_WIDTH = 720
"""Pixels of a picture that is a file of its own."""


@dataclass(frozen=True)
class Figure:
    """One picture with the words that stand for it."""

    name: str
    """File name without its ending."""
    title: str
    alt: str
    """The same in words, for people who cannot see the picture."""
    svg: str
    """To be put into a page, whose ink it takes."""

    @property
    def file(self) -> str:
        """The picture as a file of its own: dark on white, at a fixed width."""
        paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
        head, _, rest = self.svg.partition(">")
        return f'{head.replace(chr(34) + "100%" + chr(34), f"{chr(34)}{FILE_WIDTH}{chr(34)}", 1)} color="#1c1c1c">{paper}{rest}\n'


@dataclass(frozen=True)
class Line:
    """One line of a drawing with its points."""

    label: str
    points: Sequence[tuple[float, float]]
    colour: str
    marker: str = "o"
    dashed: bool = False
    stepped: bool = False
    """Whether the line keeps its height until the next point, and the points are not joined."""


def dots(rows: Sequence[str], series: Mapping[str, Sequence[Interval | None]], scale: Scale, alt: str, line_at: float | None = None) -> str:
    """Draw values with their intervals: below the name of each row a line for every tutor of `series`; `line_at` is drawn through all."""
    keys = [(plain_name(name), COLOURS.get(name, "#777777"), MARKERS.get(name, "o")) for name in series]
    top = y = LINE * (legend_rows([key for key, _, _ in keys]) + 1)
    drawn = [legend(keys)]
    for number, row in enumerate(rows):
        drawn.append(words(LEFT, y + 13, row, weight="bold"))
        y += LINE + 4
        for name, points in series.items():
            point = points[number]
            if point is not None:
                drawn.append(_point(name, point, scale, y, f"{row}, {plain_name(name)}"))
                y += 14
        y += 8
    drawn.insert(1, ticks(scale, top, y))
    if line_at is not None:
        drawn.insert(2, upright(place(scale.at(line_at)), top, y, "3 3", 0.7))
    return drawing(y + LINE, alt, drawn)


def lines(series: Sequence[Line], axes: tuple[Scale, Scale], labels: tuple[str, str], alt: str, line_at: float | None = None) -> str:
    """Draw lines of (x, y) points; `labels` say what is measured across and up."""
    across, up = axes
    height, rows = 220, legend_rows([one.label for one in series])
    top = rows * LINE + LINE + 10
    keys = [(one.label, one.colour, SMALL if one.dashed else one.marker) for one in series]
    drawn = [legend(keys), words(LEFT, top - 8, labels[1], quiet=True)]
    for tick in up.ticks:
        y = top + height * (1 - up.at(tick))
        drawn += [level(AXIS, y), words(AXIS - 0.012, y + 4, up.tell(tick), "end", quiet=True)]
    for tick in across.ticks:
        share = across.at(tick)
        anchor = "end" if share > 0.97 else "middle"  # noqa: PLR2004 - the letters stay inside the picture
        drawn.append(words(beside_axis(share), top + height + 18, across.tell(tick), anchor, quiet=True))
    if line_at is not None:
        drawn.append(upright(beside_axis(across.at(line_at)), top, top + height, "3 3", 0.7))
    paths = []
    for one in series:
        places = [(1000 * across.at(x), 1000 * (1 - up.at(y))) for x, y in one.points]
        if one.stepped:
            best = [min(y for _, y in places[: number + 1]) for number in range(len(places))]
            places = [point for number, (x, _) in enumerate(places) for point in ((x, best[max(number - 1, 0)]), (x, best[number]))]
        dash = ' stroke-dasharray="5 4"' if one.dashed else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        paths.append(
            f'<polyline points="{path}" fill="none" stroke="{one.colour}" stroke-width="2"{dash} vector-effect="non-scaling-stroke"/>'
        )
    drawn.append(
        f'<svg x="{AXIS * 100:.0f}%" y="{top}" width="{(RIGHT - AXIS) * 100:.0f}%" height="{height}" viewBox="0 0 1000 1000" '
        f'preserveAspectRatio="none">{"".join(paths)}</svg>'
    )
    for one in series:
        for x, y in one.points:
            says = f"{one.label}: {across.tell(x)}, {up.tell(y)}"
            drawn.append(
                point_mark(beside_axis(across.at(x)), top + height * (1 - up.at(y)), one.colour, SMALL if one.dashed else one.marker, says)
            )
    drawn.append(words(RIGHT, top + height + 36, labels[0], "end", quiet=True))
    return drawing(top + height + 44, alt, drawn)


def grid(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[float]], alt: str, side: str = "") -> str:
    """Draw a table of numbers with stronger cells for larger numbers; zeros stay empty. `side` says what the rows are."""
    most = max((value for row in counts for value in row), default=0) or 1
    left, cell = 0.41, 26
    wide = (RIGHT - left) / max(len(columns), 1)
    top = 16 + max((len(column) for column in columns), default=0) * 7
    drawn = [words(LEFT, 13, side, quiet=True)] if side else []
    for number, column in enumerate(columns):
        x = left + wide * (number + 0.5)
        drawn.append(
            f'<svg x="{100 * x:.2f}%" y="{top - 6}" overflow="visible"><text font-size="12" fill="currentColor" '
            f'transform="rotate(-90)" dominant-baseline="middle">{escape(column)}</text></svg>'
        )
    for line, (name, row) in enumerate(zip(rows, counts, strict=True)):
        y = top + line * cell
        drawn.append(words(left - 0.015, y + 17, name, "end", size=12))
        for number, value in enumerate(row):
            x, share = left + wide * number, value / most
            strength = f'fill="#0072B2" fill-opacity="{0.12 + 0.88 * share:.2f}"' if value else 'fill="currentColor" fill-opacity="0.04"'
            says = f"<title>{escape(f'{name}, {columns[number]}: {value:.0f}')}</title>"
            drawn.append(
                f'<g>{says}<rect x="{100 * x:.2f}%" y="{y}" width="{100 * wide * 0.97:.2f}%" height="{cell - 2}" {strength}/>'
                + (words(x + wide / 2, y + 17, f"{value:.0f}", "middle", ink="#ffffff" if share > 0.45 else "") if value else "")  # noqa: PLR2004
                + "</g>"
            )
    return drawing(top + len(rows) * cell + 6, alt, drawn)


def ranges(rows: Sequence[tuple[str, tuple[float, str], tuple[float, str]]], at: float, scale: Scale, alt: str) -> str:
    """Draw from where to where a figure moves in each row, which is its name and both ends with what they stand for."""
    drawn, y = [], 6
    for name, low, high in rows:
        drawn.append(words(LEFT, y + 13, name, weight="bold"))
        y += LINE + 4
        for (value, what), colour in ((low, "#0072B2"), (high, "#D55E00")):
            start, end = sorted((place(scale.at(at)), place(scale.at(value))))
            says = escape(f"{name} {what}: {scale.tell(value)}")
            # Beyond the bar's end; where the picture ends there, on the other side of it.
            left = start > _ROOM if value < at else end > 1 - _ROOM
            told = words(start - 0.01 if left else max(end, start + 0.003) + 0.01, y + 11, what, "end" if left else "start", size=11)
            drawn.append(
                f'<g><title>{says}</title><rect x="{100 * start:.2f}%" y="{y}" width="{100 * max(end - start, 0.003):.2f}%" height="12" '
                f'fill="{colour}"/>{told}</g>'
            )
            y += 15
        y += 6
    return drawing(y + LINE, alt, [ticks(scale, 0, y), *drawn, upright(place(scale.at(at)), 0, y, "", 0.8)])


def share_bars(bars: Sequence[tuple[str, str, str, Interval]], marks: Sequence[tuple[str, float]], alt: str) -> str:
    """Draw shares as bars from 0 to 100 % with their intervals: label, what stands beside it, colour and share of each.

    `marks` are lines across all bars with their names above; they stop where a label stands.
    """
    scale = Scale(0, 1, whole)
    heading, bar, gap = 20, 16, 10
    drawn, top = [], LINE * len(marks) + 10
    y = top
    for label, beside, colour, share in bars:
        ends = "" if share.low is None or share.high is None else f" ({whole(share.low)} – {whole(share.high)})"
        says = escape(f"{label}: {whole(share.value)}{ends}")
        at, left, wide = y + heading, f'x="{100 * LEFT}%"', 100 * (RIGHT - LEFT)
        track = f'<rect {left} y="{at}" width="{wide}%" height="{bar}" fill="currentColor" fill-opacity="0.07"/>'
        filled = f'<rect {left} y="{at}" width="{100 * (place(share.value) - LEFT):.2f}%" height="{bar}" fill="{colour}"/>'
        hit = f'<rect x="0" y="{y}" width="100%" height="{heading + bar}" fill="transparent"/>'
        name = f'<tspan font-weight="bold">{escape(label)}</tspan> <tspan fill-opacity="0.75">{escape(beside)}</tspan>'
        title = f'<text {left} y="{y + 14}" font-size="14" fill="currentColor">{name}</text>'
        value = words(RIGHT, y + 14, whole(share.value), "end", size=15, weight="bold")
        drawn.append(f"<g><title>{says}</title>{hit}{title}{value}{track}{filled}{whisker(share, scale, at + bar / 2)}</g>")
        y = at + bar + gap
    for number, (what, value_at) in enumerate(marks):
        x, row = place(value_at), LINE * number
        crossed = any(value_at < other < value_at + 0.4 for _, other in marks[:number])  # lines that the name would cross
        before = value_at > 0.5 or crossed  # noqa: PLR2004 - beyond the middle the name stands left of its line
        drawn.append(words(x + (-0.012 if before else 0.012), row + 16, f"{what} {whole(value_at)}", "end" if before else "start"))
        drawn.append(upright(x, row + 4, top, "5 3", 1))
        starts = range(top + heading, y, heading + bar + gap)
        drawn += [upright(x, start - 2, start + bar + gap - 2, "5 3", 1) for start in starts]
    return drawing(y + LINE, alt, [ticks(scale, y - gap, y), *drawn])


def _point(name: str, point: Interval, scale: Scale, y: float, what: str) -> str:
    ends = "" if point.low is None or point.high is None else f" ({scale.tell(point.low)} – {scale.tell(point.high)})"
    hit = f'<rect x="0" y="{y - 7:.0f}" width="100%" height="14" fill="transparent"/>'
    says = f"<title>{escape(f'{what}: {scale.tell(point.value)}{ends}')}</title>"
    shape = point_mark(place(scale.at(point.value)), y, COLOURS.get(name, "#777777"), MARKERS.get(name, "o"))
    colour = COLOURS.get(name, "#777777")
    line = whisker(point, scale, y).replace('stroke="currentColor"', f'stroke="{colour}"', 1)
    return f"<g>{says}{hit}{line}{shape}</g>"
