"""Replies that people rated: one JSON object a line with the conversation, the reply and the labels it was given."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError, Problem
from three_tutors.pipeline.records import Record
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn

LEVELS: Mapping[str, float] = {"No": 0.0, "To some extent": 0.5, "Yes": 1.0}
_READ = {name.lower(): level for name, level in LEVELS.items()}
_LEVELLED = ("mistake_identification", "mistake_location", "providing_guidance", "actionability")
_TONES = {"encouraging": 1.0, "neutral": 0.0, "offensive": 0.0}
_NO_LABEL = ("", "n/a", "na", "nan", "none", "null", "-")
_KEYS = ("group", "tutor", "history", "reply", "answer", "labels")


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

    @property
    def replied(self) -> Replied:
        """The reply as the scorers take it; of the lesson only the answer is known."""
        lesson = Lesson(subject="", grade=1, topic="", objective="", answer=self.answer)
        return Replied(self.group, "turn", lesson, self.turns, self.reply)


def read_rated_replies(path: Path) -> list[RatedReply]:
    """Return the rows of `path`; blank lines are passed over, a label that is empty or missing is no label.

    Raises:
        DataError: a line is no JSON object, a row lacks a key or has a role that is not known, or the file is empty; says every line.

    """
    rows, problems = [], []
    for line, text in _lines(path):
        try:
            rows.append(_row(json.loads(text)))
        except (KeyError, TypeError, ValueError) as error:
            said = error.args[0] if isinstance(error, KeyError) else error
            problems.append(Problem(str(path), line, 1, "E001", f"not a rated reply: {said}", f"a row has {', '.join(_KEYS)}"))
    if problems:
        raise DataError(f"{path}: {len(problems)} rows cannot be read.", problems)
    if not rows:
        raise DataError(f"{path}: is empty; a row has {', '.join(_KEYS)}.")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from ((line, text) for line, text in enumerate(file, start=1) if text.strip())
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text ({error.reason}); save it as UTF-8.") from None
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path}: there is no such file; name a file of rated replies, one JSON object a line.") from None


def _row(record: Record) -> RatedReply:
    if not isinstance(record, dict):
        raise TypeError("the line holds no JSON object")
    missing = [key for key in _KEYS if key not in record]
    if missing:
        raise KeyError(f"{', '.join(missing)} missing")
    if not isinstance(record["labels"] or {}, dict):
        raise TypeError("labels is no JSON object")
    history = record["history"] or []
    for message in history:
        if not isinstance(message, dict) or message.get("role") not in ("student", "teacher"):
            role = message.get("role") if isinstance(message, dict) else message
            raise ValueError(f"role {role!r} is neither student nor teacher")
    turns = tuple(Turn(message["role"], _text(message.get("content"))) for message in history)
    given = record["answer"] or []
    answer = tuple(text for form in (given if isinstance(given, list) else [given]) if (text := _text(form).strip()))
    labels, not_read = _labels(record["labels"] or {})
    return RatedReply(str(record["group"]), str(record["tutor"]), turns, _text(record["reply"]), answer, labels, not_read)


def _labels(given: Mapping[str, object]) -> tuple[dict[str, float], tuple[str, ...]]:
    labels: dict[str, float] = {}
    not_read: list[str] = []
    for name, value in given.items():
        said = _text(value).strip().lower()
        if said in _NO_LABEL:
            continue
        if name in _LEVELLED:
            score, level = name, _READ.get(said)
        elif name == "revealing_of_the_answer":
            score, level = "leak", 1.0 if said.startswith("yes") else 0.0 if said == "no" else None
        elif name == "tutor_tone":
            score, level = "praise", _TONES.get(said)
        elif name == "uptake":
            score, level = "uptake", _finite(said)
        else:
            continue  # people rated something that no score here claims to measure
        if level is None:
            not_read.append(name)
        else:
            labels[score] = level
    return labels, tuple(not_read)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _finite(said: str) -> float | None:
    try:
        value = float(said)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
