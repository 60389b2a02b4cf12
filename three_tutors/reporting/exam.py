"""The exam: what can show that a tutor teaches. Everybody over the same moments, tutors against each other, chance and bots beside them.

Matching and ranking are what a tutor's own model chooses (`scoring/choice.py`). Contrast is the share of pairs of moments for which
both replies do what their moment asks: whoever ignores the student gets neither.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist, stdev
from typing import TypeVar

from three_tutors.reporting.evidence import Evidence
from three_tutors.scoring.statistics import Difference, Interval, holm, mean_interval, paired_difference
from three_tutors.trust.floor import SHARE, Floor
from three_tutors.tutoring.methods import BASELINE, HOSTED, PROMPTED, REFERENCE, TUNED, TUTORS
from three_tutors.tutoring.questions import asked_moments

MATCHING, RANKING, CONTRAST = "matching", "ranking", "contrast"
FIGURES = (MATCHING, RANKING, CONTRAST)
FITS, SAFE = "fits", "safe"
"""The scores of single replies that contrast and safety are made of."""
CHANCE = 0.5
LEVEL = 0.05
POWER = 0.8
"""How often a difference should be found that a report calls large enough to be found."""
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""The 97.5 % points of Student's t for 1 to 10 degrees of freedom; the last one holds for more."""
_Z = NormalDist().inv_cdf

Given = TypeVar("Given", bound=Interval)
Values = Mapping[str, Sequence[float]]
"""Pair or moment → values from 0 to 1."""


@dataclass(frozen=True)
class Share:
    """What one tutor gets in one figure."""

    interval: Interval
    """Moments being drawn; where a tutor was trained with several seeds, also these."""
    clusters: int
    """Pairs or moments."""

    @property
    def value(self) -> float:
        """The share, 0–1."""
        return self.interval.value


@dataclass(frozen=True)
class Comparison:
    """Two tutors in one figure, over the same pairs or moments."""

    figure: str
    tutor: str
    other: str
    difference: Difference
    p: float
    """After Holm's correction over all comparisons of the exam."""

    @property
    def shown(self) -> bool:
        """Whether a difference is shown: its interval excludes zero and its p is small."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and not low <= 0 <= high and self.p < LEVEL


@dataclass(frozen=True)
class Exam:
    """What the exam found."""

    shares: Mapping[str, Mapping[str, Share]] = field(default_factory=dict)
    """Figure → tutor → share; the teachers are there for contrast."""
    comparisons: Sequence[Comparison] = ()
    unsafe: Mapping[str, Interval] = field(default_factory=dict)
    """Tutor → share of safety cases that it fails."""
    bot: Floor | None = None
    """What the best bot gets in contrast; None where that was not measured."""
    repeated: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Figure → tutor → trainings with other seeds that its intervals cover; empty where trainings were not repeated."""
    rewarded: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Tutor → figures that it was trained by: they are shown, marked, and compared with nothing."""

    def share(self, figure: str, tutor: str) -> Share | None:
        """Return a share, None where it was not measured."""
        return self.shares.get(figure, {}).get(tutor)

    def value(self, figure: str, tutor: str) -> float | None:
        """Return the value of a share, None where it was not measured."""
        share = self.share(figure, tutor)
        return share.value if share else None

    @property
    def tutors(self) -> list[str]:
        """The tutors with a figure that could show that they teach."""
        return [name for name in TUTORS if any(self.share(figure, name) for figure in (MATCHING, CONTRAST))]

    @property
    def tells(self) -> bool:
        """Whether contrast tells teaching from tricks, as far as that was measured."""
        return self.bot is None or self.bot.tells

    @property
    def above_chance(self) -> list[str]:
        """The tutors whose models match clearly above chance: the whole interval is."""
        found = self.shares.get(MATCHING, {})
        return [name for name, share in found.items() if share.interval.low is not None and share.interval.low > CHANCE]

    @property
    def near_teachers(self) -> list[str]:
        """The tutors that reach half of the teachers' contrast, where contrast tells teaching from tricks."""
        teachers = self.value(CONTRAST, REFERENCE)
        if not teachers or not self.tells:
            return []
        return [name for name, share in self.shares[CONTRAST].items() if name in TUTORS and share.value >= SHARE * teachers]

    @property
    def shows_teaching(self) -> list[str]:
        """The tutors of which something shows that they teach.

        Matching counts where it is above chance and shown to be above the untrained model's: to know which reply belongs where, a model
        has to read and not to teach, and the untrained one reads well enough.
        """
        raised = [one.tutor for one in self.comparisons if (one.figure, one.other) == (MATCHING, BASELINE) and _higher(one)]
        return [name for name in self.tutors if name in self.near_teachers or (name in self.above_chance and name in raised)]

    def better_than_baseline(self, tutor: str) -> bool:
        """Whether a comparison shows that a tutor is better than the untrained model, and none shows that it is worse."""
        found = [one.difference.value for one in self._of(tutor) if one.shown]
        return bool(found) and min(found) > 0

    def best(self, among: Sequence[str]) -> str:
        """Return the tutor with the highest contrast, then matching; the first where nothing was measured, empty where nobody is."""
        return max(among, key=lambda name: tuple(self.value(figure, name) or 0.0 for figure in (CONTRAST, MATCHING)), default="")

    def _of(self, tutor: str) -> list[Comparison]:
        usable = (MATCHING, CONTRAST) if self.tells else (MATCHING,)
        return [one for one in self.comparisons if (one.tutor, one.other) == (tutor, BASELINE) and one.figure in usable]


def _higher(one: Comparison) -> bool:
    return one.shown and one.difference.value > 0


def exam_of(evidence: Evidence) -> Exam:
    """Return what the exam of a run found."""
    values: dict[str, Mapping[str, Values]] = {
        MATCHING: {name: choice.matched for name, choice in evidence.choices.items() if choice.matched},
        RANKING: {name: choice.won for name, choice in evidence.choices.items() if choice.won},
        CONTRAST: _contrast(evidence),
    }
    seeds = spread(evidence.seeds)
    same = {figure: _same(of) for figure, of in values.items()}
    shares = {
        figure: {name: Share(_widened(mean_interval(found), seeds.get((figure, name))), len(found)) for name, found in of.items()}
        for figure, of in same.items()
        if of
    }
    rewarded = {name: found for name in evidence.tutors if (found := evidence.rewarded(name))}
    trained = trainings(evidence.seeds)
    repeated = {figure: {name: trained[figure, name] for name in of if (figure, name) in seeds} for figure, of in shares.items()}
    return Exam(
        shares,
        _comparisons(same, seeds, rewarded),
        _unsafe(evidence),
        evidence.floors.get(CONTRAST),
        {figure: of for figure, of in repeated.items() if of},
        rewarded,
    )


def spread(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], float]:
    """Return how far another training may lie from this one, with 95 % confidence: figure and tutor → half the width.

    It is the standard deviation over the seeds of seeds.csv, times Student's t, because a few trainings tell a deviation badly.
    """
    found = {key: [float(row["value"]) for row in rows if (row["score"], row["tutor"]) == key] for key in trainings(rows)}
    return {key: _t(len(values)) * stdev(values) for key, values in found.items() if len(values) > 1}


def trainings(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], int]:
    """Return how many trainings seeds.csv tells of by figure and tutor."""
    return dict(Counter((row["score"], row["tutor"]) for row in rows))


def _t(values: int) -> float:
    return STUDENT[min(values - 1, len(STUDENT)) - 1]


def _contrast(evidence: Evidence) -> dict[str, dict[str, list[float]]]:
    """Return for each tutor and the teachers whether both replies of a pair fit.

    A pair that cannot be scored for the teachers is left out; a tutor whose reply is unscored, as it said nothing, did not fit.
    """
    pairs: dict[str, list[str]] = {}
    for item, moment, _ in asked_moments(evidence.moments):
        if moment.pair:
            pairs.setdefault(moment.id, []).append(item)
    found: dict[str, dict[str, list[float]]] = {}
    fits = {name: {item: of[FITS].value for item, of in scores.items() if FITS in of} for name, scores in evidence.scores.items()}
    teachers = fits.get(REFERENCE)
    known = {item for item, value in teachers.items() if value is not None} if teachers else set().union(*fits.values())
    for name, of in fits.items():
        both = {
            pair: [float(all(of[item] == 1 for item in items))]
            for pair, items in pairs.items()
            if all(item in of and item in known for item in items)
        }
        if both:
            found[name] = both
    return found


def _same(values: Mapping[str, Values]) -> dict[str, Values]:
    """Return the values of the pairs or moments that everybody has."""
    common = set.intersection(*(set(of) for of in values.values())) if values else set()
    return {name: {key: of[key] for key in of if key in common} for name, of in values.items()} if common else {}


def _comparisons(
    values: Mapping[str, Mapping[str, Values]],
    seeds: Mapping[tuple[str, str], float],
    rewarded: Mapping[str, Sequence[str]],
) -> list[Comparison]:
    pairs = [(HOSTED, TUNED), (TUNED, PROMPTED), *((name, BASELINE) for name in TUTORS if name != BASELINE)]
    pairs += [(name, method.begins_with) for name, method in TUTORS.items() if method.begins_with]
    found = []
    for figure, of in values.items():
        for tutor, other in pairs:
            if tutor in of and other in of and figure not in (*rewarded.get(tutor, ()), *rewarded.get(other, ())):
                gaps = {key: [a - b for a, b in zip(one, of[other][key], strict=True)] for key, one in of[tutor].items()}
                both = [seeds[figure, name] for name in (tutor, other) if (figure, name) in seeds]
                difference = _widened(paired_difference(gaps), math.hypot(*both) if both else None)
                found.append(Comparison(figure, tutor, other, difference, 1.0))
    adjusted = holm({str(number): one.difference.p for number, one in enumerate(found)})
    return [replace(one, p=adjusted[str(number)], difference=_for_tests(one.difference, len(found))) for number, one in enumerate(found)]


def _widened(interval: Given, reach: float | None) -> Given:
    """Return an interval that also covers another draw of seeds, which moves the value by up to `reach`."""
    if reach is None or interval.low is None or interval.high is None:
        return interval
    low, high = (math.hypot(end - interval.value, reach) for end in (interval.low, interval.high))
    bottom = -1.0 if isinstance(interval, Difference) else 0.0
    wider = replace(interval, low=max(bottom, interval.value - low), high=min(1.0, interval.value + high))
    if not isinstance(wider, Difference) or wider.detectable is None:
        return wider
    return replace(wider, detectable=math.hypot(wider.detectable, reach * _factor(1) / _Z(1 - LEVEL / 2)))


def _for_tests(difference: Difference, tests: int) -> Difference:
    """Return a difference whose detectable size holds after Holm's correction, where the first of so many tests has to pass."""
    if difference.detectable is None:
        return difference
    return replace(difference, detectable=difference.detectable * _factor(tests) / _factor(1))


def _factor(tests: int) -> float:
    """Return how many standard errors a difference has to be large to be found in one of so many tests."""
    return _Z(1 - LEVEL / tests / 2) + _Z(POWER)


def _unsafe(evidence: Evidence) -> dict[str, Interval]:
    cases = {item: moment.id for item, moment, _ in asked_moments(evidence.moments) if moment.theme}
    found = {}
    for name, scores in evidence.scores.items():
        failed = {
            case: [1 - value]
            for item, case in cases.items()
            if SAFE in scores.get(item, {}) and (value := scores[item][SAFE].value) is not None
        }
        if failed:
            found[name] = mean_interval(failed)
    return found
