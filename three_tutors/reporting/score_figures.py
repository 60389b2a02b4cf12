"""Pictures of the scores: values and differences with their intervals, leaks under pressure, length, strategies."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import CHANCE, CONTRAST, FIGURES, MATCHING, RANKING, Exam
from three_tutors.reporting.figures import COLOURS, MARKERS, Figure, Line, dots, lines
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.names import plain_name
from three_tutors.reporting.pages import listed, percent, points
from three_tutors.reporting.scripted_students import Rate, failures_by_turn
from three_tutors.reporting.svg import Scale, whole
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import REFERENCE, TUTORS

SHARES = Scale(0, 1, whole)
FEWEST = 5
"""Scenarios that have to reach a turn before a rate is told of it, where there are as many at all."""


def values_figure(findings: Findings, scores: Sequence[str]) -> Figure | None:
    """Draw every tutor's value in each of `scores` with its interval."""
    drawn = [name for name in scores if MEASURES[name].digits is None and any(findings.cell(tutor, name) for tutor in findings.cells)]
    if not drawn:
        return None
    series = {tutor: [_value(findings, tutor, name) for name in drawn] for tutor in findings.cells}
    said = []
    for name in drawn:
        each = [f"{tutor} {findings.shown(name, tutor)}" for tutor in findings.cells if findings.cell(tutor, name)]
        said.append(f"{MEASURES[name].label}: {listed(each)}.")
    if tricks := [MEASURES[name].label for name in drawn if findings.tricked(name)]:
        said.append(f"Can be had by a trick: {listed(tricks)}.")
    alt = " ".join(said)
    return Figure("scores", "Scores with 95 % intervals", alt, dots([_label(name) for name in drawn], series, SHARES, alt))


def exam_figure(exam: Exam) -> Figure | None:
    """Draw what can show that a tutor teaches: matching, ranking and contrast of everybody, with intervals; None where nothing is."""
    drawn = [figure for figure in FIGURES if exam.shares.get(figure)]
    if not drawn:
        return None
    names = [name for name in (*TUTORS, REFERENCE) if any(exam.share(figure, name) for figure in drawn)]
    series = {name: [share.interval if (share := exam.share(figure, name)) else None for figure in drawn] for name in names}
    said = [
        f"{_EXAM[figure]}: {listed([f'{name} {percent(share.value)}' for name in names if (share := exam.share(figure, name))])}."
        for figure in drawn
    ]
    alt = " ".join(said)
    svg = dots([_EXAM[figure] for figure in drawn], series, SHARES, alt, CHANCE)
    return Figure("exam", "The exam: what can show that a tutor teaches", alt, svg)


def differences_figure(findings: Findings, scores: Sequence[str]) -> Figure | None:
    """Draw how far each tutor is from the baseline in each of `scores`, with the interval of the difference."""
    drawn = [
        name for name in scores if MEASURES[name].digits is None and any(findings.difference(tutor, name) for tutor in findings.challengers)
    ]
    if not drawn:
        return None
    series = {tutor: [findings.difference(tutor, name) for name in drawn] for tutor in findings.challengers}
    found = [one for row in series.values() for one in row if one is not None]
    most = max((abs(end) for one in found for end in (one.value, one.low, one.high) if end is not None), default=0.0) or 0.1
    said = []
    for name in drawn:
        each = [f"{tutor} {points(difference.value)}" for tutor in findings.challengers if (difference := findings.difference(tutor, name))]
        said.append(f"{MEASURES[name].label}: {listed(each)}.")
    alt = "In percentage points. " + " ".join(said)
    svg = dots([_label(name) for name in drawn], series, Scale(-most, most, points), alt, 0.0)
    return Figure("differences", "Differences from the untrained model, in percentage points", alt, svg)


def leaks_by_turn(evidence: Evidence) -> Figure | None:
    """Draw the share of answers given away at each turn of the scenarios."""
    rates = {tutor: leaks(evidence, tutor) for tutor in evidence.tutors if tutor != REFERENCE}
    rates = {tutor: found for tutor, found in rates.items() if found}
    if not rates:
        return None
    series = [
        Line(plain_name(tutor), [(turn, rate.share) for turn, rate in found.items()], COLOURS[tutor], MARKERS[tutor])
        for tutor, found in rates.items()
    ]
    reached, highest = [turn for found in rates.values() for turn in found], max(y for line in series for _, y in line.points)
    axes = (Scale(min(reached), max(reached), lambda turn: f"{turn:g}"), Scale(0, highest or 0.1, percent).with_room())
    said = [
        f"{tutor}: {listed([f'{percent(rate.share)} at turn {turn} (of {rate.of})' for turn, rate in found.items()])}."
        for tutor, found in rates.items()
    ]
    alt = " ".join(said)
    svg = lines(series, axes, ("turn of the scripted student", "answers given away"), alt)
    return Figure("leaks_by_turn", "Answers given away in the scenarios, turn by turn", alt, svg)


def lengths(evidence: Evidence) -> Figure:
    """Draw how many words the replies to the held-out turns have, the median and the middle half: length sways people and scores."""
    counts = {tutor: found for tutor in evidence.tutors if (found := evidence.words(tutor))}
    halves = {tutor: [_middle_half(found)] for tutor, found in counts.items()}
    most = max(half[0].high or 0.0 for half in halves.values())
    alt = f"Median words in a reply: {listed([f'{tutor} {median(found):.0f}' for tutor, found in counts.items()])}."
    svg = dots(["Words in a reply"], halves, Scale(0, max(most, 1.0), lambda words: f"{words:.0f}"), alt)
    return Figure("lengths", "Length of the replies: median, and where the middle half lies", alt, svg)


def _middle_half(counts: Sequence[int]) -> Interval:
    low, _, high = quantiles(counts, n=4, method="inclusive") if len(counts) > 1 else (counts[0],) * 3
    return Interval(float(median(counts)), float(low), float(high))


def leaks(evidence: Evidence, tutor: str) -> dict[int, Rate]:
    """Return how often the answer was given away at each turn of the scenarios that enough of them reach."""
    found = failures_by_turn(evidence.scores[tutor], evidence.scenarios, LEAK)
    fewest = min(FEWEST, max((rate.of for rate in found.values()), default=0))
    return {turn: rate for turn, rate in found.items() if rate.of >= fewest}


_EXAM = {MATCHING: "Matching (chance is 50 %)", RANKING: "Ranking (chance is 50 %)", CONTRAST: "Contrast"}


def _value(findings: Findings, tutor: str, score: str) -> Interval | None:
    cell = findings.cell(tutor, score)
    return cell.mean if cell else None


def _label(score: str) -> str:
    return f"{MEASURES[score].label}{' (less is better)' if MEASURES[score].better == 'lower' else ''}"
