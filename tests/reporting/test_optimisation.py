"""What DSPy changed is told word by word and turn by turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.pipeline.records import read_json, read_jsonl, write_json, write_jsonl
from three_tutors.reporting.optimisation import caveats, read_optimisation, word_changes
from three_tutors.reporting.pages import page


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


def test_a_tutor_that_was_chosen_by_a_score_is_favoured_in_it_alone(tmp_path: Path) -> None:
    """It is said of a kept program whose tutor is there; what drafts bring is said only where there are several."""
    found = read_optimisation(small_run.write_run(tmp_path) / "models/dspy")
    assert found is not None
    [by_score] = caveats(replace(found, drafts=1), ["dspy", "lora"])
    assert "no other tutor was made with that score, which favours dspy in it" in by_score
    assert "dspy may write 3 drafts" in caveats(replace(found, drafts=3), ["dspy", "lora"])[1]
    assert caveats(replace(found, drafts=3), ["lora"]) == []
    assert caveats(None, ["dspy", "lora"]) == []


def test_the_change_has_its_interval_and_chosen_strategies_are_compared(tmp_path: Path) -> None:
    """The page says how sure the difference is and, for a program that says its strategies, how often they were the teacher's."""
    small_run.write_run(tmp_path)
    folder = tmp_path / "models/dspy"
    plain = read_optimisation(folder)
    assert plain is not None
    assert plain.agreement is None
    rows = read_jsonl(folder / "validation.jsonl")
    for row in rows:
        row["intended_strategy"] = "scaffolding"
        row["before"]["strategy"] = "encouragement"
        row["after"]["strategy"] = "scaffolding"
    write_jsonl(folder / "validation.jsonl", rows)
    changed = {"difference": 0.25, "low": -0.25, "high": 0.5}
    write_json(folder / "optimisation.json", {**read_json(folder / "optimisation.json"), "turns": changed})
    found = read_optimisation(folder)
    assert found is not None
    assert (found.agreement, found.change) == ((0, 3), changed)
    shown = page("optimisation.html.jinja", optimisation=found, bills={})
    assert "changed by +25 points (95&nbsp;% interval over dialogues −25 to +50)" in shown
    assert "teacher's strategy on 0 of 3 labelled turns, with the chosen prompt on 3" in shown


def test_without_dspy_there_is_nothing_to_show(tmp_path: Path) -> None:
    """A run without train_dspy has no optimisation."""
    assert read_optimisation(tmp_path) is None
