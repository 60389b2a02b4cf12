"""Teachers: why the row of the human teachers is not at the top of every score, looked into with this run's own figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.findings import AGAINST_TEACHERS, Findings
from three_tutors.reporting.measures import measure
from three_tutors.reporting.pages import count, listed
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.trust.agreement_figures import EXPERTS
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.questions import Question, questions

_TELLING = ("worked_example", "direct_explanation")
_CONTRASTS: Mapping[tuple[str, str], Callable[[Question], bool]] = {
    ("mathematics", "other subjects"): lambda asked: asked.lesson.subject == "mathematics",
    ("figures were said before", "no figure was said before"): lambda asked: any(
        letter.isdigit() for turn in asked.turns for letter in turn.text
    ),
    ("the teacher asks, sets a task or leads", "the teacher tells or shows"): lambda asked: asked.reference.strategy not in _TELLING,
}
_APART = 0.05
"""Difference of levels from which on a part of the turns is told to stand out."""
_LOW = 0.95
"""A dimension whose teachers stand under this is looked into."""
_REASONS: Mapping[str, str] = {
    "repair": "it looks for words that doubt or test, and a teacher may let a case do that without saying so",
    "follow_up": "a teacher checks a right answer where it may be shallow, and a tutor that checks every one scores higher",
    "uptake": "it counts the student's own words, and handing many of them back scores higher than answering with few",
    "questions": "a teacher also explains and shows, and a tutor that asks at every turn scores higher",
    "score": "at this height it no longer tells a tutor from a teacher",
    **dict.fromkeys(EXPERTS, "the cues were learned from chats about school mathematics (see below)"),
}


@dataclass(frozen=True)
class Above:
    """A score in which a tutor stands above the human teachers."""

    score: str
    tutors: str
    """Each with its value, as it stands in a sentence."""
    teachers: str
    reason: str


@dataclass(frozen=True)
class Level:
    """What the four dimensions say about one part of the teachers' turns."""

    what: str
    cells: Mapping[str, tuple[Interval, int]]
    """Dimension → mean with its interval, and how many turns; a dimension that arises nowhere in this part is missing."""


@dataclass(frozen=True)
class TeachersRow:
    """Why the teachers stand where they stand."""

    above: Sequence[Above]
    levels: Sequence[Level]
    """All turns first, then each contrast's two sides."""
    sentences: Sequence[str]
    """What the levels show: for each dimension the contrast that makes the largest difference."""


def teachers_row(evidence: Evidence, findings: Findings) -> TeachersRow:
    """Return what the run's own figures say of the teachers' row."""
    values = _values(evidence)
    levels = [_level("all", values, lambda _: True)]
    for (one, other), holds in _CONTRASTS.items():
        levels += [_level(one, values, holds), _level(other, values, lambda asked, holds=holds: not holds(asked))]  # type: ignore[misc]
    return TeachersRow(_above(findings), levels, [text for name in EXPERTS if (text := _sentence(name, levels))])


def _values(evidence: Evidence) -> list[tuple[Question, Mapping[str, float]]]:
    scores = evidence.scores.get(REFERENCE, {})
    return [
        (asked, {name: score.value for name, score in scores.get(asked.item, {}).items() if name in EXPERTS and score.value is not None})
        for asked in questions(evidence.test)
    ]


def _level(what: str, values: Sequence[tuple[Question, Mapping[str, float]]], holds: Callable[[Question], bool]) -> Level:
    cells = {}
    for name in EXPERTS:
        groups: dict[str, list[float]] = defaultdict(list)
        for asked, scores in values:
            if name in scores and holds(asked):
                groups[asked.dialogue].append(scores[name])
        if groups:
            cells[name] = (mean_interval(groups), sum(map(len, groups.values())))
    return Level(what, cells)


def _sentence(name: str, levels: Sequence[Level]) -> str:
    """Return where the teachers stand lower in one dimension; empty where they stand at the top or nothing can be compared."""
    told_as = measure(name)
    everywhere = levels[0].cells.get(name)
    pairs = [(levels[index], levels[index + 1]) for index in range(1, len(levels), 2)]
    compared = [(one, other) for one, other in pairs if name in one.cells and name in other.cells]
    if everywhere is None or everywhere[0].value >= _LOW or not compared:
        return ""
    apart = [(_apart(one, other, name), one, other) for one, other in compared]
    distance, one, other = max(apart, key=lambda found: abs(found[0]))
    people, rules = EXPERTS[name]
    known = f"On MRBench people gave expert teachers {told_as.told(people)}, and this scorer gave them {told_as.told(rules)}."
    if abs(distance) < _APART:
        return f"{told_as.label}: {told_as.told(everywhere[0].value)} over all, and no part of the turns stands out. {known}"
    high, low = (one, other) if distance > 0 else (other, one)
    place = "in" if "subject" in high.what + low.what else "where"
    lowest, highest = high.cells[name][0].low, low.cells[name][0].high
    overlap = " (the intervals overlap)" if lowest is not None and highest is not None and lowest <= highest else ""
    return (
        f"{told_as.label}: {told_as.told(everywhere[0].value)} over all, {_told(high, name)} {place} {high.what}, "
        f"{_told(low, name)} {place} {low.what}{overlap}. {known}"
    )


def _apart(one: Level, other: Level, name: str) -> float:
    return one.cells[name][0].value - other.cells[name][0].value


def _told(level: Level, name: str) -> str:
    interval, turns = level.cells[name]
    return f"{measure(name).told(interval.value)} ({count(turns, 'turn')})"


def _above(findings: Findings) -> list[Above]:
    found = []
    for name in findings.cells.get(REFERENCE, {}):
        told_as, teachers = measure(name), findings.value(REFERENCE, name)
        if teachers is None or told_as.better == "neither" or name in AGAINST_TEACHERS:
            continue
        sign = 1 if told_as.better == "higher" else -1
        over = [
            tutor
            for tutor in findings.tutors
            if (value := findings.value(tutor, name)) is not None
            and sign * value > sign * teachers
            and told_as.told(value) != told_as.told(teachers)
        ]
        if over:
            reason = _REASONS.get(name, "why is not known; read some of these replies side by side before believing it")
            each = [f"{tutor} ({findings.shown(name, tutor)})" for tutor in over]
            found.append(Above(name, listed(each), told_as.told(teachers), reason))
    return found
