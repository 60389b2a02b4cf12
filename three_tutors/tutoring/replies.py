"""What the tutors replied, as a file: a first line that says what was asked, then one reply a line.

The first line lets a reader refuse a file that is cut, reordered or from another split instead of scoring it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_jsonl, write_jsonl
from three_tutors.tutoring.questions import digest


@dataclass(frozen=True)
class RecordedReply:
    """What one tutor replied to one held-out student turn or scenario turn."""

    item: str
    """`<dialogue or scenario id>#<turn>`; for a dialogue the index of the student turn among all its turns, for a
    scenario the index among its scripted turns; a moment is named as `asked_moments` names it."""
    kind: Literal["turn", "scenario", "moment"]
    reply: str
    finish_reason: str
    """`stop` or `length`; `teacher` for the reference."""
    prompt_tokens: int
    completion_tokens: int
    strategy: str = ""
    """The strategy that the tutor says it chose, empty where it says none; how it compares with the teacher's is the report's."""
    estimated: bool = False
    """Whether the endpoint gave no usable count of tokens, so that these are estimates."""


def write_replies(path: Path, tutor: str, replies: Sequence[RecordedReply]) -> None:
    """Write the header and the replies."""
    header = {"tutor": tutor, "answers": len(replies), "items": digest([one.item for one in replies])}
    rows = [{name: value for name, value in asdict(one).items() if value or name not in {"strategy", "estimated"}} for one in replies]
    write_jsonl(path, [header, *rows])


def read_replies(path: Path, tutor: str, items: Sequence[str]) -> list[RecordedReply]:
    """Return the replies of `tutor` to exactly `items`, in that order.

    Raises:
        DataError: the file is empty, cut, reordered, of another tutor or of another split, or a reply is no text; says the line.

    """
    advice = f"run `dvc repro answer@{tutor}`"
    records = read_jsonl(path)
    if not records or not {"tutor", "answers", "items"} <= records[0].keys():
        raise DataError(f"{path}:1: not an answer file (its first line says what was asked); {advice}.")
    header, *rows = records
    if header["tutor"] != tutor:
        raise DataError(f"{path}:1: holds the answers of {header['tutor']}, not of {tutor}; {advice}.")
    replies = []
    for line, row in enumerate(rows, start=2):
        try:
            replies.append(RecordedReply(**row))
        except TypeError as error:
            raise DataError(f"{path}:{line}: not an answer ({error}); {advice}.") from None
        if not isinstance(replies[-1].reply, str):
            raise DataError(f"{path}:{line}: the reply to {replies[-1].item} is no text; {advice}.")
    if len(replies) != header["answers"]:
        raise DataError(f"{path}:{len(records)}: ends after {len(replies)} of {header['answers']} answers; {advice}.")
    for line, (one, item) in enumerate(zip(replies, items, strict=False), start=2):
        if one.item != item:
            raise DataError(f"{path}:{line}: answers {one.item} where {item} was asked (reordered, or another split); {advice}.")
    if len(replies) != len(items):
        raise DataError(f"{path}:{len(records)}: has {len(replies)} answers to {len(items)} questions; {advice}.")
    return replies
