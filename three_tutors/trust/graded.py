"""Replies that people graded by kind or rated: rows of a file, or the graded replies of the project's own moments.

A row of a file holds `group`, `history`, `reply`, and `kind` with `grade` (0 to 3) or `labels`; beside them it may hold `id`, `tutor`,
`pair`, the `theme` of a safety case and the lesson: `subject`, `school_grade`, `topic`, `objective`, `misconception`, `answer` and the
`understanding` that the last student turn shows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from three_tutors.pipeline.records import Record
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.trust.rated_replies import LEVELS, history, read_rows, said, short, turn, written_as
from three_tutors.tutoring.dialogue import UNDERSTANDINGS, Lesson
from three_tutors.tutoring.moment import GRADES, Moment, Side
from three_tutors.tutoring.words import words

_KEYS = ("group", "history", "reply")
_ADVICE = "a row has group, history, reply, and kind with grade, or labels"

HIGHEST = max(GRADES.values())


@dataclass(frozen=True)
class Graded:
    """One reply with what a person said of it."""

    item: str
    """Names the moment: rows of one moment reply to the same student turn."""
    group: str
    """Rows of one group are not independent of each other."""
    writer: str
    """Which tutor replied, or the teachers; empty where the reply was written to be graded."""
    replied: Replied
    kind: str = ""
    """`ideal`, `acceptable`, or the fault that the reply has; empty where nobody said."""
    grade: float | None = None
    """3 ideal to 0 misleading or harmful."""
    labels: Mapping[str, float] = field(default_factory=dict)
    """Ratings by what was asked, higher being better; the words of the four dimensions as levels from 0 to 1."""
    pair: str = ""
    """Names the contrast pair that the moment is one side of; empty where it is of none."""


def of_moments(moments: Sequence[Moment]) -> list[Graded]:
    """Return every graded reply of `moments`."""
    return [
        Graded(
            item,
            moment.id,
            "",
            _replied(moment, item, side, reply.reply),
            reply.kind,
            float(reply.grade),
            pair=moment.id if moment.pair else "",
        )
        for moment in moments
        for item, side in moment.items()
        for reply in side.replies
    ]


def _replied(moment: Moment, item: str, side: Side, reply: str) -> Replied:
    pair = moment.id if moment.pair else ""
    at = f"{item}#{len(side.turns) - 1}"
    return Replied(moment.lesson, side.turns, reply, item=at, side=side, pair=pair, about=moment.pair, theme=moment.theme)


def read_graded(path: Path) -> list[Graded]:
    """Return the rows of `path`; blank lines are passed over.

    Raises:
        DataError: the file is not there or empty, or a line is no such row; says every line.

    """
    return read_rows(path, _row, "graded", "graded or rated", _ADVICE)


def by_moment(rows: Sequence[Graded]) -> Iterator[list[Graded]]:
    """Yield the rows that reply to the same student turn together, in the order of the first of each."""
    found: dict[str, list[Graded]] = {}
    for row in rows:
        found.setdefault(row.item, []).append(row)
    yield from found.values()


def won(rows: Sequence[Graded], value: Mapping[int, float], good: Collection[str], bad: str) -> dict[str, list[float]]:
    """Return for each pair of a `good` and a `bad` reply to the same student turn 1, 0, or .5 where their values are equal, by group.

    Args:
        rows: Graded replies.
        value: By the `id` of a row; a row without one is in no pair.
        good: Kinds that should have the higher value.
        bad: The kind that should have the lower one.

    """
    found: dict[str, list[float]] = defaultdict(list)
    for some in by_moment(rows):
        better, worse = ([value[id(row)] for row in some if row.kind in kinds and id(row) in value] for kinds in (good, (bad,)))
        found[some[0].group] += [0.5 if one == other else float(one > other) for one in better for other in worse]
    return found


def merits(rows: Sequence[Graded], measures: Mapping[str, Measure]) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the name of each score with the values of all rows, turned so that higher is better; None where there is none.

    Left out: scores that describe, that compare with the teacher's own words, or that ask the tutor's model.
    """
    for name, measure in measures.items():
        if measure.better != "neither" and not measure.holds_against_teacher and measure.needs_reply:
            sign = 1 if measure.better == "higher" else -1
            found = [row.replied.finding(measure.of).value if words(row.replied.reply) else None for row in rows]
            yield name, [None if value is None else sign * value for value in found]


def _row(record: object) -> Graded:
    if not isinstance(record, dict):
        raise ValueError("the line holds no JSON object")  # noqa: TRY004 - one kind of error for all that a row can lack
    if missing := [key for key in _KEYS if key not in record]:
        raise ValueError(f"{', '.join(missing)} missing")
    turns = [turn(message) for message in history(record["history"])]
    shows = written_as("understanding", record.get("understanding"))
    if turns and turns[-1].speaker == "student" and shows in UNDERSTANDINGS:
        turns[-1] = replace(turns[-1], understanding=shows)
    group, pair = written_as("group", record["group"]), written_as("pair", record.get("pair"))
    # One moment, whatever replies to it: the conversation and what is taught.
    item = json.dumps([group, pair, record["history"], record.get("topic")], ensure_ascii=False)
    answered = Replied(_lesson(record), tuple(turns), said("reply", record["reply"]), theme=written_as("theme", record.get("theme")))
    writer = written_as("tutor", record.get("tutor"))
    return Graded(item, group, writer, answered, written_as("kind", record.get("kind")), _grade(record), _labels(record), pair)


def _lesson(record: Record) -> Lesson:
    given = record.get("answer")
    answer = given if isinstance(given, list) else [given]
    grade = record.get("school_grade")
    texts = {name: written_as(name, record.get(name)) for name in ("subject", "topic", "objective", "misconception")}
    forms = tuple(text for form in answer if (text := written_as("answer", form).strip()))
    return Lesson(grade=grade if isinstance(grade, int) and not isinstance(grade, bool) else 0, answer=forms, **texts)


def _grade(record: Record) -> float | None:
    grade = record.get("grade")
    if grade is not None and not (_is_number(grade) and 0 <= grade <= HIGHEST):
        raise ValueError(f"grade must be a number from 0 to {HIGHEST}, not {short(grade)}")
    return None if grade is None else float(grade)


def _labels(record: Record) -> dict[str, float]:
    given = record.get("labels")
    if not isinstance(given, dict | None):
        raise ValueError("labels is no JSON object")  # noqa: TRY004 - see `_row`
    labels = {name: _level(value) for name, value in (given or {}).items() if value is not None}
    if others := [name for name, value in labels.items() if not _is_number(value)]:
        raise ValueError(f"the label {others[0]} must be a number, not {short(labels[others[0]])}")
    return {name: float(value) for name, value in labels.items()}


def _level(value: object) -> Any:  # noqa: ANN401 - whatever the row holds
    """Return one of MRBench's words as a number, anything else as it is."""
    return LEVELS.get(value, value) if isinstance(value, str) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
