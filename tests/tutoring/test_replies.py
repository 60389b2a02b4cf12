from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.tutoring.replies import RecordedReply, read_replies, write_replies

ITEMS = ["a#0", "a#2", "b#0"]
ANSWERS = [RecordedReply(item, "turn", f"reply to {item}", "stop", 10, 4) for item in ITEMS]


def write(folder: Path) -> Path:
    """Write three answers of the LoRA tutor."""
    path = folder / "answers.jsonl"
    write_replies(path, "lora", ANSWERS)
    return path


def test_answers_are_read_back(tmp_path: Path) -> None:
    """What was written for these items is read back unchanged."""
    assert read_replies(write(tmp_path), "lora", ITEMS) == ANSWERS


def test_a_strategy_is_kept_where_a_tutor_says_one(tmp_path: Path) -> None:
    """Files of tutors that say none stay as they are without it."""
    told = [replace(ANSWERS[0], strategy="scaffolding"), ANSWERS[1]]
    write_replies(tmp_path / "answers.jsonl", "dspy", told)
    assert read_replies(tmp_path / "answers.jsonl", "dspy", ITEMS[:2]) == told
    assert ["strategy" in line for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()] == [False, True, False]


def test_a_cut_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """A file that lost its last line is not scored."""
    path = write(tmp_path)
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    with pytest.raises(DataError, match=r"answers\.jsonl:3: ends after 2 of 3 answers"):
        read_replies(path, "lora", ITEMS)


def test_a_reordered_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """A file whose lines changed places is not scored."""
    path = write(tmp_path)
    header, first, second, third = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(header + second + first + third, encoding="utf-8")
    with pytest.raises(DataError, match=r"answers\.jsonl:2: answers a#2 where a#0 was asked"):
        read_replies(path, "lora", ITEMS)


@pytest.mark.parametrize(
    ("tutor", "items", "expected"),
    [
        ("dspy", ITEMS, r":1: holds the answers of lora, not of dspy"),
        ("lora", ["x#0", "x#2", "y#0"], r":2: answers a#0 where x#0 was asked"),
        ("lora", [*ITEMS, "c#0"], r":4: has 3 answers to 4 questions"),
    ],
)
def test_answers_to_something_else_are_refused(tmp_path: Path, tutor: str, items: list[str], expected: str) -> None:
    """Another tutor's answers, or answers to another split, are refused with the line."""
    with pytest.raises(DataError, match=expected):
        read_replies(write(tmp_path), tutor, items)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """An empty file is no answer file."""
    path = tmp_path / "answers.jsonl"
    path.touch()
    with pytest.raises(DataError, match=r":1: not an answer file"):
        read_replies(path, "lora", ITEMS)
