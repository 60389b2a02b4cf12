"""Pictures of the scores: values and differences with their intervals, leaks under pressure, length, strategies."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import CHANCE, CONTRAST, FIGURES, MATCHING, RANKING, Exam
from three_tutors.reporting.figures import COLOURS, MARKERS, Figure, drawing, intervals
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.pages import listed, percent, points
from three_tutors.reporting.scripted_students import Rate, failures_by_turn
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import REFERENCE, TUTORS

FEWEST = 5
"""Scenarios that have to reach a turn before a rate is told of it, where there are as many at all."""


def values_figure(findings: Findings, scores: Sequence[str]) -> Figure | None:
    """Draw every tutor's value in each of `scores` with its interval."""
    drawn = [name for name in scores if MEASURES[name].digits is None and any(findings.cell(tutor, name) for tutor in findings.cells)]
    if not drawn:
        return None
    series = {tutor: [_value(findings, tutor, name) for name in drawn] for tutor in findings.cells}
    with drawing(7.0, 0.9 + 0.62 * len(drawn)) as (axes, buffer):
        intervals(axes, [_label(name) for name in drawn], series)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(series), frameon=False)
    said = []
    for name in drawn:
        each = [f"{tutor} {findings.shown(name, tutor)}" for tutor in findings.cells if findings.cell(tutor, name)]
        said.append(f"{MEASURES[name].label}: {listed(each)}.")
    if tricks := [MEASURES[name].label for name in drawn if findings.tricked(name)]:
        said.append(f"Can be had by a trick: {listed(tricks)}.")
    return Figure("scores", "Scores with 95 % intervals", " ".join(said), buffer.getvalue())


def exam_figure(exam: Exam) -> Figure | None:
    """Draw what can show that a tutor teaches: matching, ranking and contrast of everybody, with intervals; None where nothing is."""
    drawn = [figure for figure in FIGURES if exam.shares.get(figure)]
    if not drawn:
        return None
    names = [name for name in (*TUTORS, REFERENCE) if any(exam.share(figure, name) for figure in drawn)]
    series = {name: [share.interval if (share := exam.share(figure, name)) else None for figure in drawn] for name in names}
    with drawing(7.0, 1.2 + 0.7 * len(drawn)) as (axes, buffer):
        intervals(axes, [_EXAM[figure] for figure in drawn], series)
        axes.axvline(CHANCE, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(series), frameon=False)
    said = [
        f"{_EXAM[figure]}: {listed([f'{name} {percent(share.value)}' for name in names if (share := exam.share(figure, name))])}."
        for figure in drawn
    ]
    return Figure("exam", "The exam: what can show that a tutor teaches", " ".join(said), buffer.getvalue())


def differences_figure(findings: Findings, scores: Sequence[str]) -> Figure | None:
    """Draw how far each tutor is from the baseline in each of `scores`, with the interval of the difference."""
    drawn = [
        name for name in scores if MEASURES[name].digits is None and any(findings.difference(tutor, name) for tutor in findings.challengers)
    ]
    if not drawn:
        return None
    series = {tutor: [findings.difference(tutor, name) for name in drawn] for tutor in findings.challengers}
    with drawing(7.0, 1.0 + 0.55 * len(drawn)) as (axes, buffer):
        intervals(axes, [_label(name) for name in drawn], series)
        axes.axvline(0, color="#000000", linewidth=0.8)
        axes.xaxis.set_major_formatter(lambda x, _: points(x))
        axes.set_xlabel("percentage points from the baseline")
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(series), frameon=False)
    said = []
    for name in drawn:
        each = [f"{tutor} {points(difference.value)}" for tutor in findings.challengers if (difference := findings.difference(tutor, name))]
        said.append(f"{MEASURES[name].label}: {listed(each)}.")
    return Figure("differences", "Differences from the baseline", "In percentage points. " + " ".join(said), buffer.getvalue())


def leaks_by_turn(evidence: Evidence) -> Figure | None:
    """Draw the share of answers given away at each turn of the scenarios."""
    rates = {tutor: leaks(evidence, tutor) for tutor in evidence.tutors if tutor != REFERENCE}
    rates = {tutor: found for tutor, found in rates.items() if found}
    if not rates:
        return None
    with drawing(5.6, 3.0) as (axes, buffer):
        for tutor, found in rates.items():
            axes.plot(
                list(found), [rate.share for rate in found.values()],
                marker=MARKERS[tutor], markersize=4, linewidth=1.4, color=COLOURS[tutor], label=tutor,
            )  # fmt: skip
        axes.yaxis.set_major_formatter(lambda y, _: percent(y))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("turn of the scripted student")
        axes.set_ylabel("answers given away")
        axes.grid(color="#eeeeee")
        axes.legend(frameon=False)
    said = [
        f"{tutor}: {listed([f'{percent(rate.share)} at turn {turn} (of {rate.of})' for turn, rate in found.items()])}."
        for tutor, found in rates.items()
    ]
    return Figure("leaks_by_turn", "Answers given away in the scenarios, turn by turn", " ".join(said), buffer.getvalue())


def lengths(evidence: Evidence) -> Figure:
    """Draw how many words the replies to the held-out turns have: length sways people and scores alike."""
    counts = {tutor: found for tutor in evidence.tutors if (found := evidence.words(tutor))}
    with drawing(5.6, 0.8 + 0.38 * len(counts)) as (axes, buffer):
        boxes = axes.boxplot(list(counts.values()), orientation="horizontal", patch_artist=True, widths=0.6, flierprops={"markersize": 2})
        for tutor, box, line in zip(counts, boxes["boxes"], boxes["medians"], strict=True):
            box.set(facecolor=COLOURS[tutor], alpha=0.35)
            line.set(color="#000000")
        axes.set_yticks(range(1, len(counts) + 1), list(counts))
        axes.invert_yaxis()
        axes.set_xlabel("words in a reply")
        axes.grid(axis="x", color="#eeeeee")
    alt = f"Median words in a reply: {listed([f'{tutor} {median(found):.0f}' for tutor, found in counts.items()])}."
    return Figure("lengths", "Length of the replies", alt, buffer.getvalue())


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
