"""Why the human teachers are not first in every score, examined with this run's own figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.pages import count, listed, told
from three_tutors.reporting.run_files import Scores
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, by_dialogue, mean_interval
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.questions import Question, questions

_TELLING = ("worked_example", "direct_explanation")
_CONTRASTS: Mapping[tuple[str, str], Callable[[Question], bool | None]] = {
    ("mathematics", "other subjects"): lambda asked: asked.lesson.subject == "mathematics",
    ("numbers were mentioned before", "no numbers were mentioned before"): lambda asked: any(
        letter.isdigit() for turn in asked.turns for letter in turn.text
    ),
    ("the teacher asks, sets a task or leads", "the teacher tells or shows"): lambda asked: (
        asked.reference.strategy not in _TELLING if asked.reference.strategy else None
    ),
}
"""Two parts of the turns, and whether a turn is in the first one; None where nobody labelled it, so that it is in neither."""
_APART = 0.05
"""Smallest difference of levels at which a part of the turns stands out."""
_LOW = 0.95
"""A dimension in which the teachers have less is examined."""
DIMENSIONS = [score for score in MEASURES.values() if score.checked and score.checked.experts]
"""The scores of which it is known what MRBench's expert teachers got, from people and from the scorer."""


@dataclass(frozen=True)
class Above:
    """A score in which tutors are above the human teachers."""

    score: str
    tutors: str
    """Each with its value on the turns that the teachers answered, as it stands in a sentence."""
    teachers: str
    reason: str
    """As a sentence."""


@dataclass(frozen=True)
class Level:
    """What the four dimensions say about one part of the teachers' turns."""

    what: str
    cells: Mapping[str, tuple[Interval, int]]
    """Dimension → mean with its interval, and how many turns; a dimension that arises nowhere in this part is missing."""

    def mean(self, dimension: str) -> float:
        """Return the mean in one dimension."""
        return self.cells[dimension][0].value


@dataclass(frozen=True)
class TeachersRow:
    """Why the teachers are not at the top of every score."""

    above: Sequence[Above]
    levels: Sequence[Level]
    """All turns first, then each contrast's two sides."""
    sentences: Sequence[str]
    """What the levels show: for each dimension the contrast that makes the largest difference."""


def teachers_row(evidence: Evidence, findings: Findings) -> TeachersRow:
    """Return what the run's own figures say of the teachers' row."""
    scores, asked = evidence.scores.get(REFERENCE, {}), questions(evidence.test)
    everywhere = _level("all", scores, asked)
    contrasts = [
        (_level(one, scores, [it for it in asked if holds(it) is True]), _level(other, scores, [it for it in asked if holds(it) is False]))
        for (one, other), holds in _CONTRASTS.items()
    ]
    sentences = [text for score in DIMENSIONS if (text := _sentence(score, everywhere, contrasts))]
    return TeachersRow(_above(findings), [everywhere, *(side for sides in contrasts for side in sides)], sentences)


def _level(what: str, scores: Mapping[str, Scores], asked: Sequence[Question]) -> Level:
    cells = {}
    for name in (score.name for score in DIMENSIONS):
        found = {one.item: scores[one.item][name].value for one in asked if name in scores.get(one.item, {})}
        values = {item: value for item, value in found.items() if value is not None}
        if values:
            cells[name] = (mean_interval(by_dialogue(values)), len(values))
    return Level(what, cells)


def _sentence(score: Measure, everywhere: Level, contrasts: Sequence[tuple[Level, Level]]) -> str:
    """Return where the teachers stand lower in one dimension; empty where they stand at the top or nothing can be compared."""
    name = score.name
    compared = [(one.mean(name) - other.mean(name), one, other) for one, other in contrasts if name in one.cells and name in other.cells]
    if name not in everywhere.cells or everywhere.mean(name) >= _LOW or not compared or not score.checked or not score.checked.experts:
        return ""
    people, rules = score.checked.experts
    known = f"On MRBench, expert teachers got {told(people, score)} from people and {told(rules, score)} from this scorer."
    distance, high, low = max(compared, key=lambda found: abs(found[0]))
    if abs(distance) < _APART:
        return f"{score.label}: {told(everywhere.mean(name), score)} overall, with no large difference between groups of turns. {known}"
    if distance < 0:
        high, low = low, high
    place = "in" if "subject" in high.what + low.what else "where"
    lowest, highest = high.cells[name][0].low, low.cells[name][0].high
    overlap = " (the intervals overlap)" if lowest is not None and highest is not None and lowest <= highest else ""
    return (
        f"{score.label}: {told(everywhere.mean(name), score)} overall; {_shown(high, score)} {place} {high.what}, "
        f"{_shown(low, score)} {place} {low.what}{overlap}. {known}"
    )


def _shown(level: Level, score: Measure) -> str:
    return f"{told(level.mean(score.name), score)} ({count(level.cells[score.name][1], 'turn')})"


def _reason(score: Measure) -> str:
    if not score.above_teachers:
        return "The reason is not known: read some of these replies side by side before you believe it."
    return f"A likely reason: {score.above_teachers}."


def _above(findings: Findings) -> list[Above]:
    found = []
    for name in findings.cells.get(REFERENCE, {}):
        score, teachers = MEASURES[name], findings.value(REFERENCE, name)
        if teachers is None or score.better == "neither" or score.holds_against_teacher:
            continue
        sign = 1 if score.better == "higher" else -1
        values = {tutor: value for tutor in findings.tutors if (value := findings.value(tutor, name)) is not None}
        over = [
            f"{tutor} ({told(value, score)})"
            for tutor, value in values.items()
            if sign * value > sign * teachers and told(value, score) != told(teachers, score)
        ]
        if over:
            found.append(Above(name, listed(over), told(teachers, score), _reason(score)))
    return found
