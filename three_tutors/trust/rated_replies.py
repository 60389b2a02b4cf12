"""Replies that people rated: one JSON object a line with the conversation, the reply and the labels it was given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from three_tutors.pipeline.diagnostics import DataError, Problem
from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import UnreadableError, lines
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.messages import not_read, side_of, text_of

Row = TypeVar("Row")

LEVELS: Mapping[str, float] = {"No": 0.0, "To some extent": 0.5, "Yes": 1.0}
_READ = {name.lower(): level for name, level in LEVELS.items()}
_TONES = {"encouraging": 1.0, "neutral": 0.0, "offensive": 0.0}
_NO_LABEL = ("", "n/a", "na", "nan", "none", "null", "-")
_KEYS = ("group", "tutor", "history", "reply", "answer", "labels")
_NAME = "id"
"""Names the row; nothing is computed from it."""
_OF_A_RATING = ("rater", "item", "day", "comment", "none_helps")
"""What `ratings` reads of a row that has a `rater`."""
_SHOWN = 60


@dataclass(frozen=True)
class RatedReply:
    """One reply with what people said of it."""

    group: str
    """Conversation or transcript; rows of one group are not independent."""
    tutor: str
    """Who wrote the reply."""
    turns: tuple[Turn, ...]
    reply: str
    answer: tuple[str, ...]
    labels: Mapping[str, float]
    """By name of the score: levels 0, 0.5 and 1, `leak` and `praise` 0 or 1, `uptake` any number."""
    not_read: tuple[str, ...] = ()
    """Labels, by their own name, that hold a word nobody here knows; they count for nothing and are told."""
    not_measured: tuple[str, ...] = ()
    """Labels, by their own name, of what no score here measures; they are told as well."""
    left_out: tuple[str, ...] = ()
    """Keys of the row and of its messages (`history.weight`) that nothing here reads; told too, once a row."""

    @property
    def replied(self) -> Replied:
        """The reply as the scorers take it; of the lesson only the answer is known."""
        lesson = Lesson(subject="", grade=1, topic="", objective="", answer=self.answer)
        return Replied(lesson, self.turns, self.reply)


def read_rated_replies(path: Path) -> list[RatedReply]:
    """Return the rows of `path`; blank lines are passed over, a label that is empty or missing is no label.

    Raises:
        DataError: the file is not there or empty, or a line is no such row; says every line.

    """
    return read_rows(path, _row, "rated", "rated", f"a row has {', '.join(_KEYS)}")


def read_rows(path: Path, read: Callable[[object], Row], row_is: str, file_holds: str, advice: str) -> list[Row]:
    """Return what `read` makes of each JSON object of `path`, a ValueError being its refusal; blank lines are passed over.

    `row_is` and `file_holds` name the replies in the sentences, `advice` says what a row has.

    Raises:
        DataError: the file is not there or empty, or a line is refused; says every line.

    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path}: there is no such file; name a file of {file_holds} replies, one JSON object a line.") from None
    rows, problems = [], []
    for line, text in lines(data):
        column = 1
        try:
            rows.append(read(parse(text)))
            continue
        except UnreadableError as error:
            why, column = error.message, error.column
        except ValueError as error:
            why = str(error)
        problems.append(Problem(str(path), line, column, "E001", f"not a {row_is} reply: {why}", advice))
    if problems:
        raise DataError(f"{path}: {len(problems)} rows cannot be read.", problems)
    if not rows:
        raise DataError(f"{path}: is empty; {advice}.")
    return rows


def _row(record: object) -> RatedReply:
    if not isinstance(record, dict):
        raise ValueError("the line holds no JSON object")  # noqa: TRY004 - one kind of error for all that a row can lack
    if missing := [key for key in _KEYS if key not in record]:
        raise ValueError(f"{', '.join(missing)} missing")
    answer = record["answer"] if isinstance(record["answer"], list) else [record["answer"]]
    return RatedReply(
        group=written_as("group", record["group"]),
        tutor=written_as("tutor", record["tutor"]),
        turns=tuple(turn(message) for message in history(record["history"])),
        reply=said("reply", record["reply"]),
        answer=tuple(text for form in answer if (text := written_as("answer", form).strip())),
        **_labels(record["labels"]),
        left_out=_left_out(record),
    )


def _left_out(record: Record) -> tuple[str, ...]:
    """Return the keys that hold something and are not read; `record` is a row that was read."""
    known = (*_KEYS, _NAME, *(_OF_A_RATING if _OF_A_RATING[0] in record else ()))
    row = [key for key in record if key not in known]
    said = {f"history.{key}" for message in record["history"] or [] for key in not_read(message, "role", "content")}
    return (*sorted(row), *sorted(said))


def history(given: object) -> list[object]:
    """Return the messages of a conversation; null is an empty one.

    Raises:
        ValueError: it is no list.

    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise ValueError("history is no JSON list")  # noqa: TRY004 - see `_row`
    return given


def turn(message: object) -> Turn:
    """Return a message as a turn.

    Raises:
        ValueError: nobody we know says it, or it is no text.

    """
    role = message.get("role") if isinstance(message, dict) else message
    side = side_of(role)
    if not isinstance(message, dict) or (side != "student" and side != "teacher"):  # noqa: PLR1714 - mypy narrows this one
        raise ValueError(f"role {short(role)} is neither student nor teacher")
    return Turn(side, said("content", message.get("content")))


def _labels(given: object) -> Record:
    """Return the labels with the names of those that cannot be used, as `RatedReply` keeps them."""
    if not isinstance(given, dict | None):
        raise ValueError("labels is no JSON object")  # noqa: TRY004 - see `_row`
    labels: dict[str, float] = {}
    not_read: list[str] = []
    not_measured: list[str] = []
    for name, value in (given or {}).items():
        said = written_as(name, value).strip().lower()
        if said in _NO_LABEL:
            continue
        if name in DIMENSIONS:
            score, level = name, _READ.get(said)
        elif name == "revealing_of_the_answer":
            score, level = "leak", 1.0 if said.startswith("yes") else 0.0 if said == "no" else None
        elif name == "tutor_tone":
            score, level = "praise", _TONES.get(said)
        elif name == "uptake":
            score, level = "uptake", _finite(said)
        else:
            not_measured.append(name)
            continue
        if level is None:
            not_read.append(name)
        else:
            labels[score] = level
    return {"labels": labels, "not_read": tuple(not_read), "not_measured": tuple(not_measured)}


def said(name: str, content: object) -> str:
    """Return what is said: text or text parts; null is silence.

    Raises:
        ValueError: it is something else.

    """
    try:
        return "" if content is None else text_of(content)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def written_as(name: str, value: object) -> str:
    """Return a word or a number as text; null is an empty one.

    Raises:
        ValueError: it is something else.

    """
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise ValueError(f"{name} must be a word or a number, not {short(value)}")  # noqa: TRY004 - see `_row`
    return str(value)


def short(value: object) -> str:
    """Return a value as a message quotes it: plain letters, and not all of a long one."""
    shown = ascii(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _finite(said: str) -> float | None:
    try:
        value = float(said)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
