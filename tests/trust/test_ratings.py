"""Ratings: one file that is read in three ways, and how far raters agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.trust.agreement import agreement
from three_tutors.trust.ratings import add_ratings, agreed, alpha, read_ratings, without_rater


def row(rater: str, sense: int, writer: str = "lora", item: str = "a#0", **more: Any) -> dict[str, Any]:
    """Return a rating as the page writes it."""
    return {
        "id": f"{item}/{writer}/{rater}",
        "rater": rater,
        "day": "2026-11-28",
        "item": item,
        "group": item[0],
        "tutor": writer,
        "history": [{"role": "student", "content": "Is it 5/6?"}],
        "reply": f"Why, {writer}?",
        "answer": ["7/12"],
        "labels": {"sense": sense, "teaching": 2, "actionability": "To some extent", "best": 0},
        "none_helps": True,
        "comment": "",
    } | more


def test_alpha_is_krippendorff_s() -> None:
    """The ordinal example of "Computing Krippendorff's Alpha-Reliability" (2011), four observers with gaps: 0.815."""
    said = [
        (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
        (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
    ]
    units = [[value for value in unit if value is not None] for unit in zip(*said, strict=True)]
    assert 0.815 == pytest.approx(alpha([unit for unit in units if len(unit) > 1]), abs=0.0005)


def test_raters_who_agree_are_told_from_raters_who_do_not(tmp_path: Path) -> None:
    """Replies that one person alone rated say nothing of agreement; teaching, where all say 2, says nothing either."""
    rows = [row(rater, value, item=item) for item, value in (("a#0", 1), ("b#0", 5), ("c#0", 3)) for rater in ("AB", "CD")]
    write_jsonl(tmp_path / "r.jsonl", [*rows, row("EF", 1, item="d#0")])
    (found,) = agreed(read_ratings(tmp_path / "r.jsonl"))
    assert ("sense", 1.0, 3) == (found.asked, found.alpha.value, found.replies)


def test_one_file_is_read_by_agreement_and_grading(tmp_path: Path) -> None:
    """MRBench's words are levels for both; who rated and what was commented is nothing that agreement leaves out."""
    write_jsonl(tmp_path / "r.jsonl", [row("AB", 4)])
    (one,) = read_ratings(tmp_path / "r.jsonl")
    assert ({"sense": 4.0, "teaching": 2.0, "actionability": 0.5, "best": 0.0}, {"actionability": 0.5}) == (
        dict(one.graded.labels),
        dict(one.rated.labels),
    )
    assert ({"sense": 1, "teaching": 1, "best": 1}, {}) == tuple(agreement([one.rated])[key] for key in ("not_measured", "left_out"))


def test_no_file_and_an_empty_one_hold_no_rating(tmp_path: Path) -> None:
    """A project in which nobody rated."""
    (tmp_path / "empty.jsonl").touch()
    assert [[], []] == [read_ratings(tmp_path / name) for name in ("none.jsonl", "empty.jsonl")]


def test_a_line_that_is_no_rating_is_named(tmp_path: Path) -> None:
    """With its number."""
    write_jsonl(tmp_path / "r.jsonl", [row("AB", 4), {**row("CD", 4), "rater": None}])
    with pytest.raises(DataError, match=r"r.jsonl:2: not a rating \(it has no rater\)"):
        read_ratings(tmp_path / "r.jsonl")


def test_ratings_are_added_replaced_and_taken_back(tmp_path: Path) -> None:
    """A known one is replaced; a rater who takes back is gone, the others stay."""
    path = tmp_path / "r.jsonl"
    assert 2 == add_ratings([row("AB", 1), row("CD", 2)], path)
    assert 2 == add_ratings([row("AB", 5)], path)
    without_rater("CD", path)
    assert [("AB", 5.0)] == [(one.rater, one.graded.labels["sense"]) for one in read_ratings(path)]
