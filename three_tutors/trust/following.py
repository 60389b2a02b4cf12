"""Following: does each score rise with what people said of the replies, their grade or their ratings?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.metrics import spearman
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, bootstrap
from three_tutors.trust.graded import Graded, merits
from three_tutors.tutoring.methods import REFERENCE

GRADE = "grade"
_DRAWS = 200


@dataclass(frozen=True)
class Follows:
    """Spearman's ρ of one score with what people said; positive where better scores go with better replies."""

    rows: int
    everyone: Interval | None
    """Over all rows; None, as below, where one side does not vary."""
    tutors: Interval | None
    """Without the teachers; None where no row is theirs."""
    within: Interval | None
    """Mean over the writers, the teachers apart; None where one writer or none is named."""
    writers: Mapping[str, float | None]
    """Writer → ρ over that writer's rows, the teachers' too."""


@dataclass(frozen=True)
class _Both:
    """One row with both opinions."""

    writer: str
    group: str
    merit: float
    people: float


def following(rows: Sequence[Graded], measures: Mapping[str, Measure] = MEASURES) -> dict[str, dict[str, Follows]]:
    """Return how far each score of `merits` follows what people said: score → `grade` or a label → its correlation."""
    follows = {}
    for name, values in merits(rows, measures):
        if followed := {asked: rho for asked, said in _said(rows).items() if (rho := _follows(rows, values, said))}:
            follows[name] = followed
    return follows


def _said(rows: Sequence[Graded]) -> dict[str, list[float | None]]:
    """Return what people said of each row by what they were asked: the grade, then the labels."""
    said: dict[str, list[float | None]] = {GRADE: [row.grade for row in rows]}
    said |= {name: [row.labels.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row.labels)}
    return {name: values for name, values in said.items() if any(value is not None for value in values)}


def _follows(rows: Sequence[Graded], merits: Sequence[float | None], said: Sequence[float | None]) -> Follows | None:
    both = [
        _Both(row.writer, row.group, merit, people)
        for row, merit, people in zip(rows, merits, said, strict=True)
        if merit is not None and people is not None
    ]
    if not both:
        return None

    def rho(chosen: Sequence[int]) -> float:
        return spearman([both[row].merit for row in chosen], [both[row].people for row in chosen])

    def within(chosen: Sequence[int]) -> float:
        found = [one for some in _gathered((both[row].writer, row) for row in chosen).values() if not math.isnan(one := rho(some))]
        return math.fsum(found) / len(found) if found else math.nan

    def interval(chosen: Sequence[int], statistic: Callable[[Sequence[int]], float]) -> Interval | None:
        groups = _gathered((both[row].group, row) for row in chosen)
        value = statistic(chosen)
        return None if math.isnan(value) else Interval(value, *bootstrap(list(groups.values()), statistic, _DRAWS))

    tutors = [row for row, one in enumerate(both) if one.writer != REFERENCE]
    writers = {name: rho(some) for name, some in sorted(_gathered((one.writer, row) for row, one in enumerate(both) if one.writer).items())}
    return Follows(
        len(both),
        interval(range(len(both)), rho),
        interval(tutors, rho) if len(tutors) < len(both) else None,
        interval([row for row in tutors if both[row].writer], within) if len(writers) > 1 else None,
        {name: None if math.isnan(value) else value for name, value in writers.items()},
    )


def _gathered(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, row in pairs:
        found[name].append(row)
    return found
