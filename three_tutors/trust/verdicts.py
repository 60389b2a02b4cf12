"""What a judge said, as a file: a first line that says who judged which replies, then one row an answer.

The first line lets a reader refuse a file that is cut, reordered or from another split, and notice verdicts on earlier replies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_json, read_jsonl, write_jsonl
from three_tutors.scoring.score import Score, scores_in
from three_tutors.tutoring.questions import digest

FOLDER = Path("data/raw/verdicts")
"""One file a tutor, kept in Git: they were paid for, and no stage makes them again."""
AGREEMENT = "agreement.json"
"""Beside them: how far the judge agrees with people."""


@dataclass(frozen=True)
class Verdicts:
    """A judge's scores of one tutor's replies."""

    judge: str
    """Name of the judging model."""
    scores: Mapping[str, Mapping[str, Score]]
    """Item → dimension → score; a dimension that does not arise at a turn is missing."""
    current: bool
    """Whether they are about the replies that the tutor gives now."""


def write_verdicts(path: Path, tutor: str, judge: str, replies: Mapping[str, str], rows: Sequence[Record]) -> None:
    """Write the header and the rows; `replies` are what was judged, by item."""
    header = {"tutor": tutor, "judge": judge, "rows": len(rows), "items": digest(list(replies)), "replies": digest(list(replies.values()))}
    write_jsonl(path, [header, *rows])


def read_verdicts(path: Path, tutor: str, replies: Mapping[str, str]) -> Verdicts:
    """Return the verdicts on the `replies` of `tutor`, which come by item in the order in which they were asked.

    Raises:
        DataError: the file is empty, cut, reordered, of another tutor or of another split; says the line.

    """
    advice = f"run `python -m three_tutors.trust.judge {tutor}`"
    records = read_jsonl(path)
    if not records or not {"tutor", "judge", "rows", "items", "replies"} <= records[0].keys():
        raise DataError(f"{path}:1: not a file of verdicts (its first line says who judged what); {advice}.")
    header, *rows = records
    if header["tutor"] != tutor:
        raise DataError(f"{path}:1: holds verdicts on {header['tutor']}, not on {tutor}; {advice}.")
    if len(rows) != header["rows"]:
        raise DataError(f"{path}:{len(records)}: ends after {len(rows)} of {header['rows']} rows; {advice}.")
    if header["items"] != digest(list(replies)):
        raise DataError(f"{path}:1: judges the answers to other questions than are asked now; {advice}.")
    scores: dict[str, dict[str, Score]] = {}
    for line, (row, item) in enumerate(zip(rows, replies, strict=False), start=2):
        if row.get("item") != item:
            raise DataError(f"{path}:{line}: judges {row.get('item')} where {item} was asked (reordered, or another split); {advice}.")
        scores[item] = scores_in(row, f"{path}:{line}", advice)
    return Verdicts(str(header["judge"]), scores, header["replies"] == digest(list(replies.values())))


class _Figure(BaseModel):
    value: float | None


class _Figures(BaseModel):
    rows: int
    unscored: int
    macro_f1: _Figure | None = None
    kappa: _Figure | None = None
    bias_by_tutor: dict[str, float] = {}


class _Agreement(BaseModel):
    judge: str
    scores: dict[str, _Figures]


def read_agreement(path: Path) -> Record:
    """Return how far a judge agrees with people, as `trust.judge` wrote it; empty where nobody measured it.

    Raises:
        DataError: the file holds something else.

    """
    if not path.exists():
        return {}
    record: Record = read_json(path)
    try:
        found = _Agreement.model_validate(record)
        lacking = [name for name, one in found.scores.items() if one.rows and not (one.macro_f1 and one.kappa and one.bias_by_tutor)]
        problem = f"{lacking[0]} has no macro_f1, kappa or bias_by_tutor" if lacking else ""
    except ValidationError as error:
        problem = f"{'.'.join(map(str, error.errors()[0]['loc']))}: {error.errors()[0]['msg']}"
    if problem:
        advice = "run `python -m three_tutors.trust.judge --rated FILE`"
        raise DataError(f"{path}: does not say how far a judge agrees with people ({problem}); {advice}.")
    return record
