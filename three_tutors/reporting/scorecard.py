"""The scorecard: every tutor and the reference in every score, with intervals and the difference from the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.findings import Cell, Findings, Verdict
from three_tutors.scoring.score import Score
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Difference, by_dialogue, holm, mean_interval, paired_difference
from three_tutors.tutoring.methods import BASELINE, REFERENCE
from three_tutors.tutoring.questions import questions

LEVEL = 0.05
ItemScores = Mapping[str, Mapping[str, Score]]
"""Item → score name → score."""


def findings_of(evidence: Evidence) -> Findings:
    """Return the scorecard of a run as the pages show it: everybody over the same turns.

    Where a score can be taken of the held-out turns, which the teachers and the bots answer too, the cells are of these alone.
    """
    names = [name for name in MEASURES if any(name in scores for rows in evidence.scores.values() for scores in rows.values())]
    turns = {question.item for question in questions(evidence.test)}
    scores = {tutor: evidence.scores[tutor] for tutor in evidence.tutors}
    on_turns = {name for name in names if any(turns & _values(rows, name).keys() for rows in scores.values())}
    same = {
        tutor: {item: {name: score for name, score in of.items() if item in turns or name not in on_turns} for item, of in rows.items()}
        for tutor, rows in scores.items()
    }
    everywhere = {
        tutor: {name: mean_interval(by_dialogue(values)) for name in names if (values := _values(rows, name))}
        for tutor, rows in scores.items()
    }
    rewarded = {tutor: evidence.rewarded(tutor) for tutor in scores}
    return Findings(scorecard(same, names, rewarded), evidence.floors, everywhere)


def scorecard(
    scores: Mapping[str, ItemScores], names: Sequence[str], rewarded: Mapping[str, Sequence[str]] | None = None
) -> dict[str, dict[str, Cell]]:
    """Return tutor → score name → cell, out of tutor → item → score name → score as `evaluate` wrote it.

    A difference is claimed only where its interval excludes zero and its p stays under 5 % after Holm over the scores of that
    tutor; otherwise the verdict is "no difference shown". Scores that describe and do not judge get no verdict and stay out of Holm,
    and so do those by which a tutor was trained (`rewarded`).
    """
    table: dict[str, dict[str, Cell]] = {}
    for tutor, items in scores.items():
        baseline = {} if tutor in (BASELINE, REFERENCE) else scores.get(BASELINE, {})
        table[tutor] = _judged(
            {name: _cell(_values(items, name), _values(baseline, name), sum(name in one for one in items.values())) for name in names},
            (rewarded or {}).get(tutor, ()),
        )
    return table


def _cell(values: Mapping[str, float], baseline: Mapping[str, float], asked: int) -> Cell:
    paired = {item: value - baseline[item] for item, value in values.items() if item in baseline}
    return Cell(
        mean_interval(by_dialogue(values)) if values else None,
        len(values),
        asked - len(values),
        paired_difference(by_dialogue(paired)) if paired else None,
    )


def _judged(row: Mapping[str, Cell], rewarded: Sequence[str]) -> dict[str, Cell]:
    """Return the cells of one tutor with their verdicts."""
    compared = {
        name: cell.difference
        for name, cell in row.items()
        if cell.difference and MEASURES[name].better != "neither" and name not in rewarded
    }
    adjusted = holm({name: difference.p for name, difference in compared.items()})
    verdicts: dict[str, Verdict] = {
        name: _verdict(difference, adjusted[name], MEASURES[name].better) for name, difference in compared.items()
    }
    verdicts |= {name: "was the reward" for name in rewarded if name in row}
    return {name: replace(cell, verdict=verdicts.get(name, "not compared")) for name, cell in row.items()}


def _verdict(difference: Difference, adjusted_p: float, better: str) -> Verdict:
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high or adjusted_p >= LEVEL:
        return "no difference shown"
    return "better" if (difference.value > 0) == (better == "higher") else "worse"


def _values(items: ItemScores, name: str) -> dict[str, float]:
    return {item: value for item, scores in items.items() if name in scores and (value := scores[name].value) is not None}
