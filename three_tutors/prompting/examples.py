"""A conversation as the program takes it: out of a live conversation, or out of a row that `render` wrote."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import dspy

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.prompting.adapter import history_exchanges
from three_tutors.tutoring.dialogue import Lesson, Speaker, Turn
from three_tutors.tutoring.formats import STUDENT_INSTRUCTION, TEACHER_INSTRUCTION, Message, messages

INSTRUCTIONS: dict[Speaker, str] = {"teacher": TEACHER_INSTRUCTION, "student": STUDENT_INSTRUCTION}
"""What a frame ends with: the words that optimisers may change."""

ROW = (
    *("id", "dialogue", "turn", "subject", "grade", "topic", "objective", "misconception", "answer"),
    *("frame", "history", "said", "understanding", "strategy", "reply"),
)
"""What `formats.dspy_rows` writes into every example."""


def inputs_of(lesson: Lesson, turns: Sequence[Turn]) -> dict[str, Any]:
    """Return the program's inputs for a conversation whose last turn is to be answered."""
    frame, *said = messages(lesson, turns)
    return _inputs(frame["content"], said[:-1], said[-1]["content"], lesson.subject, lesson.grade)


def example(row: Record) -> dspy.Example:
    """Return a row of data/processed/dspy as a DSPy example, with the program's inputs marked as such.

    Raises:
        DataError: it is not a row that `render` writes.

    """
    missing = [name for name in ROW if name not in row]
    if missing:
        raise DataError(f"A DSPy example lacks {', '.join(missing)}; run `dvc repro render`, which writes them.")
    inputs = _inputs(row["frame"], row["history"], row["said"], row["subject"], row["grade"])
    return dspy.Example({**row, **inputs}).with_inputs(*inputs)


def speaker_of(frame: str) -> Speaker:
    """Return whose turns a rendered frame asks for."""
    return "student" if frame.endswith(INSTRUCTIONS["student"]) else "teacher"


def spread(rows: Sequence[Record], count: int, seed: int) -> list[Record]:
    """Return `count` of `rows`, in their order: as many from each dialogue as can be, which ones the seed says."""
    draw = random.Random(seed)
    by_dialogue: dict[str, list[Record]] = {}
    for row in rows:
        by_dialogue.setdefault(row["dialogue"], []).append(row)
    queues = [draw.sample(own, len(own)) for own in by_dialogue.values()]
    rounds = (queue[turn] for turn in range(len(rows)) for queue in queues if turn < len(queue))
    chosen = {row["id"] for row in itertools.islice(rounds, count)}
    return [row for row in rows if row["id"] in chosen]


def _inputs(frame: str, history: Sequence[Message], said: str, subject: str, grade: int) -> dict[str, Any]:
    return {
        "frame": frame.removesuffix(INSTRUCTIONS[speaker_of(frame)]).rstrip(),
        "history": history_exchanges(history),
        "said": said,
        "subject": subject,
        "grade": grade,
    }
