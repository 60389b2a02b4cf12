"""The scorecard: every tutor and the reference in every score, with intervals and the difference from the baseline.

`scorecard(scores)` takes tutor → item → score name → Score (as `evaluate` wrote them) and returns a `Standing` for each tutor
and score name. `findings_of(evidence)` gives the same as the `Findings` that the pages render.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.findings import BASELINE, Cell, Findings, Verdict
from three_tutors.reporting.measures import MEASURES
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Difference, Interval, holm, mean_interval, paired_difference
from three_tutors.tutoring.methods import REFERENCE

LEVEL = 0.05
DESCRIPTIVE = frozenset({"length", "reading_level"})
"""Scores of which neither more nor less is better: their differences are shown, not judged, and stay out of Holm."""
ItemScores = Mapping[str, Mapping[str, Score]]
"""Item → score name → score."""


@dataclass(frozen=True)
class Standing:
    """What one score says about one tutor."""

    interval: Interval | None
    """Mean over what was scored, dialogues being drawn; None where nothing was."""
    scored: int
    unscored: int
    difference: Difference | None = None
    """From the baseline on the same items; None for the baseline, the reference and where no item is shared."""
    adjusted_p: float | None = None
    """Holm over the scores of this tutor."""
    verdict: Verdict = "not compared"


def scorecard(scores: Mapping[str, ItemScores], names: Sequence[str], lower_is_better: frozenset[str]) -> dict[str, dict[str, Standing]]:
    """Return tutor → score name → standing.

    A difference is claimed only where its interval leaves zero out and its p stays under 5 % after Holm over the scores of
    that tutor; otherwise the verdict is "no difference shown".
    """
    table: dict[str, dict[str, Standing]] = {}
    for tutor, items in scores.items():
        row = {name: _standing(items, scores.get(BASELINE, {}), name, compare=tutor not in (BASELINE, REFERENCE)) for name in names}
        adjusted = holm({name: standing.difference.p for name, standing in row.items() if standing.difference and name not in DESCRIPTIVE})
        table[tutor] = {
            name: replace(
                standing, adjusted_p=adjusted.get(name), verdict=_verdict(standing.difference, adjusted.get(name), name in lower_is_better)
            )
            for name, standing in row.items()
        }
    return table


def findings_of(evidence: Evidence) -> Findings:
    """Return the scorecard of a run as the pages render it."""
    names = [name for name in MEASURES if any(name in scores for rows in evidence.scores.values() for scores in rows.values())]
    lower = frozenset(name for name in names if MEASURES[name].better == "lower")
    table = scorecard({tutor: evidence.scores[tutor] for tutor in evidence.tutors}, names, lower)
    return Findings({tutor: {name: _cell(standing) for name, standing in row.items()} for tutor, row in table.items()})


def _standing(items: ItemScores, baseline: ItemScores, name: str, *, compare: bool) -> Standing:
    values = _values(items, name)
    unscored = len(items) - len(values)
    if not values:
        return Standing(None, 0, unscored)
    interval = mean_interval(_grouped(values))
    base = _values(baseline, name) if compare else {}
    paired = {item: value - base[item] for item, value in values.items() if item in base}
    return Standing(interval, len(values), unscored, paired_difference(_grouped(paired)) if paired else None)


def _values(items: ItemScores, name: str) -> dict[str, float]:
    return {item: value for item, scores in items.items() if name in scores and (value := scores[name].value) is not None}


def _grouped(values: Mapping[str, float]) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for item, value in values.items():
        groups[item.partition("#")[0]].append(value)
    return groups


def _verdict(difference: Difference | None, adjusted_p: float | None, lower_is_better: bool) -> Verdict:
    if difference is None or adjusted_p is None:
        return "not compared"
    if difference.low <= 0 <= difference.high or adjusted_p >= LEVEL:
        return "no difference shown"
    better: Literal["better", "worse"] = "better" if (difference.value < 0) == lower_is_better else "worse"
    return better


def _cell(standing: Standing) -> Cell:
    if standing.interval is None:
        return Cell(None, None, None, 0, standing.unscored)
    shown, difference = standing.interval, standing.difference
    cell = Cell(shown.value, shown.low, shown.high, standing.scored, standing.unscored)
    if difference is None:
        return cell
    return replace(
        cell,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
        verdict=standing.verdict,
        detectable=difference.detectable,
    )
