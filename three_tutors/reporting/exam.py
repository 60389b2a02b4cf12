"""The exam: what can show that a tutor teaches. Everybody over the same moments, tutors against each other, chance and bots beside them.

Matching and ranking are what a tutor's own model chooses (`scoring/choice.py`). Contrast is the share of pairs of moments for which
both replies do what their moment asks: whoever ignores the student gets neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import stdev
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
_Z = 1.96

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
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Tutor → seeds that it was trained with; empty where trainings were not repeated."""

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
    repeated = {name: len({row["seed"] for row in evidence.seeds if row["tutor"] == name}) for name in TUTORS}
    return Exam(
        shares,
        _comparisons(same, seeds, rewarded),
        _unsafe(evidence),
        evidence.floors.get(CONTRAST),
        {name: number for name, number in repeated.items() if number > 1},
        rewarded,
    )


def spread(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], float]:
    """Return the standard deviation over seeds of each figure of each tutor that was trained with several, out of seeds.csv."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        found.setdefault((row["score"], row["tutor"]), []).append(float(row["value"]))
    return {key: stdev(values) for key, values in found.items() if len(values) > 1}


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
    values: Mapping[str, Mapping[str, Values]], seeds: Mapping[tuple[str, str], float], rewarded: Mapping[str, Sequence[str]]
) -> list[Comparison]:
    pairs = [(HOSTED, TUNED), (TUNED, PROMPTED), *((name, BASELINE) for name in TUTORS if name != BASELINE)]
    pairs += [(name, method.begins_with) for name, method in TUTORS.items() if method.begins_with]
    found = []
    for figure, of in values.items():
        for tutor, other in pairs:
            if tutor in of and other in of and figure not in (*rewarded.get(tutor, ()), *rewarded.get(other, ())):
                gaps = {key: [a - b for a, b in zip(one, of[other][key], strict=True)] for key, one in of[tutor].items()}
                both = [seeds[figure, name] for name in (tutor, other) if (figure, name) in seeds]
                found.append(Comparison(figure, tutor, other, _widened(paired_difference(gaps), math.hypot(*both) if both else None), 1.0))
    adjusted = holm({str(number): one.difference.p for number, one in enumerate(found)})
    return [replace(one, p=adjusted[str(number)]) for number, one in enumerate(found)]


def _widened(interval: Given, deviation: float | None) -> Given:
    """Return an interval that also covers another draw of seeds."""
    if deviation is None or interval.low is None or interval.high is None:
        return interval
    low, high = (math.hypot(end - interval.value, _Z * deviation) for end in (interval.low, interval.high))
    bottom = -1.0 if isinstance(interval, Difference) else 0.0
    return replace(interval, low=max(bottom, interval.value - low), high=min(1.0, interval.value + high))


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
