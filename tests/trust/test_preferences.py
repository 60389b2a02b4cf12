"""Blind preferences and their tally."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.trust.preferences import Preference, Preferred, add_preferences, read_preferences, tally


def choice(name: str, preferred: str | None, shown: tuple[str, ...] = ("lora", "baseline")) -> Preference:
    """Return one choice."""
    return Preference(name, "2026-11-22", "mathematics", 5, shown, preferred, ("one", "two")[: len(shown)])


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": None}, "id: "),
        ({"grade": "fifth"}, "grade: "),
        ({"shown": "lora"}, "shown: "),
        ({"versions": ["one"]}, "every tutor is shown once and has one version"),
        ({"shown": ["lora", "lora"]}, "every tutor is shown once"),
        ({"preferred": "dspy"}, "dspy is preferred and was not shown"),
        ({"comment": "nice"}, "comment: "),
        ({"preferred": ["lora"]}, "preferred: "),
    ],
)
def test_a_strange_line_is_named(tmp_path: Path, change: dict[str, object], expected: str) -> None:
    """A value of another type, a choice that nobody can have made and a key nobody knows are errors with their line."""
    path = tmp_path / "preferences.jsonl"
    add_preferences([choice("a", "lora")], path)
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text("\n".join(json.dumps(row) for row in (record, record | change)), encoding="utf-8")
    with pytest.raises(DataError, match=r"preferences.jsonl:2: not a preference") as caught:
        read_preferences(path)
    assert expected in str(caught.value)


def test_a_choice_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """Two branches that both added a choice leave it twice in the file; a byte order mark is no matter."""
    path = tmp_path / "preferences.jsonl"
    add_preferences([choice("a", "lora"), choice("b", None)], path)
    path.write_text("\ufeff" + 2 * path.read_text(encoding="utf-8"), encoding="utf-8")
    assert [choice("a", "lora"), choice("b", None)] == read_preferences(path)


def test_a_tutor_that_is_none_any_more_keeps_its_row() -> None:
    """A choice between tutors of which one was taken out of the project is counted for both."""
    assert [("lora", 1), ("former", 0)] == [(one.tutor, one.preferred) for one in tally([choice("a", "lora", ("former", "lora"))])]


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
    assert [Preferred("lora", 1, 0, 1, 0, None, None, None, None)] == tally([choice("a", None, ("lora",))])


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    """The line that is named is the one an editor shows."""
    path = tmp_path / "preferences.jsonl"
    add_preferences([choice("a", "lora")], path)
    path.write_text("\n \n" + path.read_text(encoding="utf-8") + "\n{}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"preferences.jsonl:5: not a preference"):
        read_preferences(path)
