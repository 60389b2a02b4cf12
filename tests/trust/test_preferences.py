"""Blind preferences and their tally."""

from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.trust.preferences import Preference, Standing, add_preferences, read_preferences, tally


def choice(name: str, preferred: str | None, shown: tuple[str, ...] = ("lora", "baseline")) -> Preference:
    """Return one choice."""
    return Preference(name, "2026-11-22", "mathematics", 5, shown, preferred, ("one", "two"))


def test_choices_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Added twice, a choice counts once; a changed mind replaces the former choice."""
    path = tmp_path / "preferences.jsonl"
    assert 2 == add_preferences([choice("b", "lora"), choice("a", None)], path)
    assert 2 == add_preferences([choice("b", "baseline")], path)
    assert [choice("a", None), choice("b", "baseline")] == read_preferences(path)


def test_no_file_is_no_preference(tmp_path: Path) -> None:
    """A project in which nobody chose has an empty tally."""
    assert [] == read_preferences(tmp_path / "none.jsonl")
    assert [] == tally([])


def test_a_strange_line_is_named(tmp_path: Path) -> None:
    """A line that is no preference is an error with its number."""
    path = tmp_path / "preferences.jsonl"
    path.write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"preferences.jsonl:1: not a preference"):
        read_preferences(path)


def test_the_tally_counts_decided_choices_with_their_interval() -> None:
    """A tutor's share is of the choices that were made where it was shown; ties stand apart. Wilson's interval of 3 of 4."""
    chosen = [choice("a", "lora"), choice("b", "lora"), choice("c", "lora"), choice("d", "baseline"), choice("e", None)]
    baseline, lora = tally(chosen)
    assert ("baseline", 5, 1, 1, 0.25, 0.5) == (
        baseline.tutor,
        baseline.shown,
        baseline.preferred,
        baseline.no_difference,
        baseline.share,
        baseline.by_chance,
    )
    assert (0.75, 0.3006, 0.9544) == (lora.share, round(lora.low or 0, 4), round(lora.high or 0, 4))


def test_ties_alone_have_no_share() -> None:
    """Nothing decided is nothing claimed."""
    assert [Standing("lora", 1, 0, 1, None, None, None, None)] == tally([choice("a", None, ("lora",))])
