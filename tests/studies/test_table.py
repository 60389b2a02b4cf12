"""The table of a study only grows, and refuses what is no row of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_text
from three_tutors.studies.table import COLUMNS, Row, add_rows, data_digest, last_of_each, read_rows

ROW = Row("lora", "lora.r=8; lora.alpha=16", "validation", 3.05, "104.2", "SmolLM2", "d", "c", "p", "EPYC, 2 cores", "2026-11-28")


def test_rows_are_added_and_never_changed(tmp_path: Path) -> None:
    """What stands there stays byte for byte; what is read is what was written."""
    path = tmp_path / "rank.csv"
    add_rows(path, [ROW])
    before = path.read_bytes()
    add_rows(path, [replace(ROW, value=2.5, seconds="")])
    assert path.read_bytes().startswith(before)
    assert read_rows(path) == [ROW, replace(ROW, value=2.5, seconds="")]
    assert read_rows(path)[0].setting == {"lora.r": "8", "lora.alpha": "16"}


def test_a_repeated_run_is_not_a_second_draw() -> None:
    """Of equal runs the last counts; with other data or other settings it is another run."""
    again, other = replace(ROW, value=2.5, code="d"), replace(ROW, data="e")
    assert last_of_each([ROW, other, again]) == [other, again]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tutor,value\nlora,1\n", ":1: the columns are not tutor, settings"),
        (f"{','.join(COLUMNS)}\nnobody,,validation,1,,,,,,,\n", ":2: there is no tutor 'nobody'"),
        (f"{','.join(COLUMNS)}\nlora,,validation,much,,,,,,,\n", ":2: value and seconds are to be numbers"),
    ],
)
def test_what_is_no_row_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """Other columns, unknown tutors and words in the place of numbers are named with their line."""
    write_text(tmp_path / "seeds.csv", text)
    with pytest.raises(DataError, match=problem):
        read_rows(tmp_path / "seeds.csv")


def test_other_dialogues_are_other_data(tmp_path: Path) -> None:
    """The digest follows the dialogues and nothing beside them."""
    write_text(tmp_path / "data/raw/dialogues/a.yaml", "id: a\n")
    before = data_digest(tmp_path)
    write_text(tmp_path / "data/raw/prices.yaml", "x: 1\n")
    assert data_digest(tmp_path) == before
    write_text(tmp_path / "data/raw/dialogues/a.yaml", "id: b\n")
    assert data_digest(tmp_path) != before
