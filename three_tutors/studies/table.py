"""The table of a study, reports/studies/<name>.csv: one row a figure, in the order of the runs. Rows are added and never changed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import csv_text, read_csv, write_text
from three_tutors.tutoring.methods import TUTORS

FOLDER = Path("reports/studies")
DATA = ("data/raw/dialogues", "data/raw/splits.csv", "data/raw/moments", "data/raw/moment_splits.csv")
VALIDATION, MATCHING, RANKING, CONTRAST = "validation", "matching", "ranking", "contrast"
SENSE, READ = "sense", "sense_read"
"""Told by the wording of replies, and read off the states of the base model: their values are kept reply by reply (`replies`)."""
RATE = "learning_rate"


@dataclass(frozen=True)
class Row:
    """One figure of one run. What is not known of an old run is empty."""

    tutor: str
    settings: str
    """By which the runs of the study differ: `lora.r=8; lora.alpha=16`."""
    figure: str
    value: float
    seconds: str
    """That making the tutor took; empty where nothing was made."""
    base: str
    data: str
    """Digest of dialogues, moments and their splits."""
    code: str
    """Digest of the code of the stages that were run."""
    params: str
    """Digest of their other settings."""
    processor: str
    date: str

    @property
    def setting(self) -> dict[str, str]:
        """The settings by name."""
        return dict(one.split("=", 1) for one in self.settings.split("; ") if "=" in one)


COLUMNS = tuple(one.name for one in fields(Row))


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a table; nothing where there is none.

    Raises:
        DataError: it has other columns, names no tutor, or a value is no number.

    """
    found = []
    for line, row in enumerate(read_csv(path) if path.exists() else [], start=2):
        if tuple(row) != COLUMNS:
            raise DataError(f"{path}:1: the columns are not {', '.join(COLUMNS)}; give the rows these columns, or move the file away.")
        if row["tutor"] not in TUTORS:
            raise DataError(f"{path}:{line}: there is no tutor {row['tutor']!r}; name one of {', '.join(TUTORS)}.")
        if not _is_number(row["value"]) or (row["seconds"] and not _is_number(row["seconds"])):
            raise DataError(f"{path}:{line}: value and seconds are to be numbers; mend the row, or restore the file from Git.")
        found.append(Row(**{**row, "value": float(row["value"])}))  # type: ignore[arg-type]
    return found


def add_rows(path: Path, rows: Iterable[Row]) -> None:
    """Put rows at the end of a table; what stands there stays byte for byte."""
    read_rows(path)
    text = path.read_text(encoding="utf-8") if path.exists() else csv_text(COLUMNS, [])
    text += "" if text.endswith("\n") else "\n"
    write_text(path, text + csv_text(COLUMNS, map(astuple, rows)).partition("\n")[2])


def last_of_each(rows: Sequence[Row]) -> list[Row]:
    """Return of equal runs the last one, in the order of the table: a repeated run is not a second draw."""
    last = {(row.tutor, row.settings, row.figure, row.data, row.params): row for row in rows}
    return [row for row in rows if last[row.tutor, row.settings, row.figure, row.data, row.params] is row]


def data_digest(root: Path = Path()) -> str:
    """Return a fingerprint of the dialogues, the moments and their splits below `root`."""
    return digest(root, DATA)


def digest(root: Path, names: Iterable[str]) -> str:
    """Return a fingerprint of files and folders below `root`, compiled files left out; one that is missing counts as empty."""
    total = hashlib.sha256()
    for name in names:
        path = root / name
        files = sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                total.update(file.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
