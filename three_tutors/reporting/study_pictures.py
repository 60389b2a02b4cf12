"""Pictures of studies: a row a setting, a point a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from three_tutors.reporting.figures import COLOURS, MARKERS, Figure
from three_tutors.reporting.names import plain_name
from three_tutors.reporting.pages import count, listed, plain
from three_tutors.reporting.svg import LEFT, LINE, Scale, drawing, legend, legend_rows, place, point_mark, ticks, words

EACH, GAP = 14, 8
"""Pixels of a tutor's line in a row, and between rows."""


def picture(study: str, figure: str, values: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw tutor → setting → values; settings that are all numbers stand in their order."""
    settings = list(dict.fromkeys(setting for of in values.values() for setting in of))
    if all(setting.isdigit() for setting in settings):
        settings.sort(key=int)
    found = [value for of in values.values() for some in of.values() for value in some]
    room = max(0.0, 0.01 * abs(max(found)) - (max(found) - min(found))) / 2  # equal values stand in the middle of an axis
    scale = Scale(min(found) - room, max(found) + max(room, 1e-6), lambda value: f"{value:.4g}").with_room()
    keys = [(plain_name(tutor), COLOURS[tutor], MARKERS[tutor]) for tutor in values]
    top = y = LINE * (legend_rows([label for label, _, _ in keys]) + 1)
    drawn = []
    for setting in settings:
        if setting:
            drawn.append(words(LEFT, y + 12, setting))
            y += LINE + 7
        for tutor in (name for name, of in values.items() if setting in of):
            says = f"{plain_name(tutor)} {setting}".strip()
            drawn += [
                point_mark(place(scale.at(value)), y, COLOURS[tutor], MARKERS[tutor], f"{says}: {value:.4g}")
                for value in values[tutor][setting]
            ]
            y += EACH
        y += GAP
    runs = [(f"{tutor} {setting}".strip(), some) for tutor, of in values.items() for setting, some in of.items()]
    told = "; ".join(f"{run} {listed([f'{value:.3f}' for value in some])}" for run, some in runs)
    alt = f"{plain(figure).capitalize()} of {count(sum(len(some) for _, some in runs), 'run')}. {told}."
    svg = drawing(y + LINE, alt, [legend(keys), ticks(scale, top - 4, y), *drawn])
    return Figure(f"study_{study}_{figure}", f"{plain(study).capitalize()}: {plain(figure)}", alt, svg)
