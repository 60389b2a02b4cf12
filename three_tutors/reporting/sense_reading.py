"""What the panel of trust tells of the reading of sense: figures on two files of replies, and which aims it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.reporting.pages import listed, number, percent, plain
from three_tutors.scoring.statistics import Interval
from three_tutors.trust.fitted_sense import AIMS, SENSE
from three_tutors.trust.sense_figures import HELD_OUT, UNSEEN, Measured, SenseFigures

FILES = (UNSEEN, HELD_OUT)
WHOSE = {"": "all replies", "within": "within each tutor, on average"}


@dataclass(frozen=True)
class Cell:
    """The reading and the rules on the same replies."""

    read: Interval | None
    rules: Interval | None
    number: int
    """Pairs of replies, or replies."""


@dataclass(frozen=True)
class Line:
    """One row of a table: a cell for each of the files that measure it."""

    what: str
    cells: Sequence[Cell | None]


@dataclass(frozen=True)
class SenseReading:
    """The tables and the sentence."""

    files: Sequence[Measured]
    kinds: Sequence[Line]
    """How often an ideal reply gets more than one of each kind to the same student turn."""
    correlations: Sequence[Line]
    """Rank correlation with what was said of the replies, over all of them and by writer."""
    sentence: str


def sense_reading(figures: SenseFigures | None) -> SenseReading | None:
    """Return what is told of the reading, None where it was not measured."""
    if figures is None or any(name not in figures.files for name in FILES):
        return None
    files = [figures.files[name] for name in FILES]
    kinds = list(dict.fromkeys(kind for one in files for kind in one.sees))
    asked = list(dict.fromkeys((name, line.whose) for one in files for name, lines in one.follows.items() for line in lines))
    return SenseReading(
        files,
        [Line(plain(kind), [_sees(one, kind) for one in files]) for kind in kinds],
        [Line(f"{name}: {WHOSE.get(whose, whose)}", [_follows(one, name, whose) for one in files]) for name, whose in asked],
        _sentence(figures),
    )


def _sees(one: Measured, kind: str) -> Cell | None:
    found = one.sees.get(kind)
    return Cell(found.read, found.rules, found.pairs) if found else None


def _follows(one: Measured, asked: str, whose: str) -> Cell | None:
    return next((Cell(line.read, line.rules, line.rows) for line in one.follows.get(asked, ()) if line.whose == whose), None)


def _sentence(figures: SenseFigures) -> str:
    """Return what was aimed at, and in what the reading falls short of it."""
    reached = figures.reached
    aims = listed([f"{_told(name, aim)} {_against(name)}" for name, aim in AIMS.items()])
    text = f"Aimed at, on both files where both measure it: {aims}."
    if not figures.short:
        return f"{text} The reading reaches all of it; the verdict rests on matching and contrast all the same."
    missed = [f"{_told(name, reached[name]) if name in reached else 'nothing measured'} {_against(name)}" for name in figures.short]
    return f"{text} The reading falls short with {listed(missed)}, so no sentence of the verdict rests on it."


def _told(name: str, value: float) -> str:
    return f"ρ {number(value)}" if name == SENSE else percent(value)


def _against(name: str) -> str:
    return "with ratings of sense" if name == SENSE else f"against {plain(name)}"
