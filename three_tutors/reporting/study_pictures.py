"""Pictures of studies: one point a run, a column a setting. Small enough to be written as SVG by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from three_tutors.reporting.figures import COLOURS, MARKERS, Figure
from three_tutors.reporting.pages import count, listed, plain

WIDTH, LEFT, TOP, PLOT, LETTER = 560, 56, 28, 170, 6.2
SHAPES: Mapping[str, str] = {
    "o": '<circle cx="0" cy="0" r="4"/>',
    "s": '<path d="M-3.6-3.6h7.2v7.2h-7.2z"/>',
    "^": '<path d="M0-4.8 4.4 3.6h-8.8z"/>',
    "D": '<path d="M0-4.8 4.8 0 0 4.8-4.8 0z"/>',
}
"""Those of `svg`, smaller."""


def picture(study: str, figure: str, values: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw tutor → setting → values; settings that are all numbers stand in their order."""
    settings = list(dict.fromkeys(setting for of in values.values() for setting in of))
    if all(setting.isdigit() for setting in settings):
        settings.sort(key=int)
    low, high, step = _scale([value for of in values.values() for some in of.values() for value in some])
    each, tutors = (WIDTH - LEFT - 8) / len(settings), list(values)
    long = max(map(len, settings)) * LETTER > each
    drawn = [_key(tutors)]
    for number in range(round((high - low) / step) + 1):
        y = TOP + PLOT * (1 - number * step / (high - low))
        drawn.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 8}" stroke="currentColor" stroke-opacity="0.15"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{low + number * step:.10g}</text>')
    for column, setting in enumerate(settings):
        x, y = LEFT + each * (column + 0.5), TOP + PLOT + 16
        turned = f' transform="rotate(-35 {x:.1f} {y})" text-anchor="end"' if long else ' text-anchor="middle"'
        drawn.append(f'<text x="{x:.1f}" y="{y}"{turned}>{escape(setting)}</text>')
        for row, tutor in enumerate(tutors):
            place = x + (row - (len(tutors) - 1) / 2) * min(14, each / (len(tutors) + 1))
            shape = SHAPES.get(MARKERS.get(tutor, "o"), SHAPES["o"])
            drawn += [
                f'<g transform="translate({place:.1f} {TOP + PLOT * (1 - (value - low) / (high - low)):.1f})" fill="{COLOURS[tutor]}">'
                f"<title>{escape(f'{tutor} {setting}: {value:g}')}</title>{shape}</g>"
                for value in values[tutor].get(setting, [])
            ]
    runs = [(f"{tutor} {setting}".strip(), some) for tutor, of in values.items() for setting, some in of.items()]
    told = "; ".join(f"{run} {listed([f'{value:.3f}' for value in some])}" for run, some in runs)
    title = f"{plain(study)}: {plain(figure)}"
    alt = f"{plain(figure).capitalize()} of {count(sum(len(some) for _, some in runs), 'run')}. {told}."
    height = TOP + PLOT + 26 + (0.57 * LETTER * max(map(len, settings)) if long else 0)
    style = 'font-family="system-ui, DejaVu Sans, sans-serif" font-size="12" fill="currentColor"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label={quoteattr(alt)} {style}>'
    return Figure(f"study_{study}_{figure}", title, alt, f"{head}{''.join(drawn)}</svg>")


def _key(tutors: Sequence[str]) -> str:
    """Return which colour and shape is which tutor."""
    drawn, x = [], LEFT + 4.0
    for tutor in tutors:
        shape = SHAPES.get(MARKERS.get(tutor, "o"), SHAPES["o"])
        drawn.append(
            f'<g transform="translate({x:.0f} 12)" fill="{COLOURS[tutor]}">{shape}</g><text x="{x + 9:.0f}" y="16">{escape(tutor)}</text>'
        )
        x += 30 + LETTER * len(tutor)
    return "".join(drawn)


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the ends of an axis around `values` and the step between its round numbers."""
    low, high = min(values), max(values)
    rough = max(high - low, abs(high) * 1e-3, 1e-6) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
    return math.floor(low / step) * step, (math.floor(high / step) + 1) * step, step
