"""Replies that people rated: one JSON object a line with the conversation, the reply and the labels it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.tutoring.diagnostics import DataError, Problem
from stages.tutoring.dialogue import Turn
from stages.tutoring.records import Record, read_jsonl

LEVELS: Mapping[str, float] = {"No": 0.0, "To some extent": 0.5, "Yes": 1.0}
_LEVELLED = ("mistake_identification", "mistake_location", "providing_guidance", "actionability")
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


def read_rated_replies(path: Path) -> list[RatedReply]:
    """Return the rows of `path`.

    Raises:
        DataError: a row lacks a key, has a role or label that is not known, or the file is empty; says every line.

    """
    rows, problems = [], []
    for line, record in enumerate(read_jsonl(path), start=1):
        try:
            rows.append(_row(record))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(Problem(str(path), line, 1, "E001", f"not a rated reply: {error}", f"a row has {', '.join(_KEYS)}"))
    if problems:
        raise DataError(f"{path}: {len(problems)} rows cannot be read.", problems)
    if not rows:
        raise DataError(f"{path}: is empty; a row has {', '.join(_KEYS)}.")
    return rows


def _row(record: Record) -> RatedReply:
    missing = [key for key in _KEYS if key not in record]
    if missing:
        raise KeyError(f"{', '.join(missing)} missing")
    for message in record["history"]:
        if message["role"] not in ("student", "teacher"):
            raise ValueError(f"role {message['role']!r} is neither student nor teacher")
    turns = tuple(Turn(message["role"], str(message["content"])) for message in record["history"])
    answer = tuple(str(form) for form in record["answer"])
    return RatedReply(str(record["group"]), str(record["tutor"]), turns, str(record["reply"]), answer, _labels(record["labels"]))


def _labels(given: Mapping[str, object]) -> dict[str, float]:
    labels: dict[str, float] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in _LEVELLED:
            if value not in LEVELS:
                raise ValueError(f"{name} is {value!r}, not one of {', '.join(LEVELS)}")
            labels[name] = LEVELS[str(value)]
        elif name == "revealing_of_the_answer":
            labels["leak"] = float(str(value).startswith("Yes"))
        elif name == "tutor_tone":
            labels["praise"] = float(str(value) == "Encouraging")
        elif name == "uptake":
            labels["uptake"] = float(str(value))
    return labels
