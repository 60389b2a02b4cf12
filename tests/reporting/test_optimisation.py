"""What DSPy changed is told word by word and turn by turn."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stages.reporting.optimisation import read_optimisation, word_changes
from tests import small_run


def test_the_change_of_the_instruction_is_shown_word_by_word() -> None:
    """Words that stay, go and come are told apart."""
    assert word_changes("Ask one short question.", "Ask one question about it.") == [
        ("kept", "Ask one"),
        ("taken out", "short question."),
        ("put in", "question about it."),
    ]


@given(st.text(), st.text())
def test_what_was_kept_and_put_in_is_the_new_instruction(before: str, after: str) -> None:
    """The pieces lose no word of either text."""
    changes = word_changes(before, after)
    assert " ".join(text for edit, text in changes if edit != "taken out").split() == after.split()
    assert " ".join(text for edit, text in changes if edit != "put in").split() == before.split()


def test_validation_turns_are_counted_by_standing(tmp_path: Path) -> None:
    """Of three turns one became better, one stayed, one became worse."""
    found = read_optimisation(small_run.write_run(tmp_path) / "models/dspy")
    assert found is not None
    assert dict(found.standings) == {"better": 1, "same": 1, "worse": 1}
    assert found.reworded


def test_without_dspy_there_is_nothing_to_show(tmp_path: Path) -> None:
    """A run without train_dspy has no optimisation."""
    assert read_optimisation(tmp_path) is None
