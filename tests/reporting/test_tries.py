"""Whoever was chosen from most settings is favoured by the search, and that is said."""

from __future__ import annotations

import pytest

from three_tutors.reporting import tries as searching
from three_tutors.reporting.tries import tries
from three_tutors.studies.table import Row


def rows(**numbers: int) -> list[Row]:
    """Return so many trainings of each tutor."""
    return [
        Row(tutor, f"{tutor}.r={number}", "validation", 3.0, "60", "SmolLM2", "d", "c", "p", "EPYC", "2026-11-28")
        for tutor, of in numbers.items()
        for number in range(of)
    ]


@pytest.mark.parametrize(
    ("numbers", "prompts", "said"),
    [
        ({}, 0, "1 training of openai and 1 training of lora. No setting of openai or lora was chosen by trying several."),
        ({"lora": 2}, 0, "lora was chosen from more trainings than openai, which favours it"),
        ({"lora": 1, "openai": 3}, 14, "openai was chosen from more trainings than lora"),
        ({"lora": 2, "openai": 2}, 14, "so the search favours neither"),
        ({"lora": 3}, 14, "14 prompts of dspy, 1 training of openai and 3 trainings of lora."),
    ],
)
def test_the_text_says_whom_the_search_favours(numbers: dict[str, int], prompts: int, said: str) -> None:
    """How many settings each tutor was chosen from decides what the sentence says."""
    assert said in tries(rows(**numbers), ["dspy", "openai", "lora"], prompts)


def test_three_trained_tutors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was chosen from most settings is favoured over all others; equal numbers favour none."""
    monkeypatch.setattr(searching, "TRAINED", ["openai", "lora", "third"])
    tutors = ["openai", "lora", "third"]
    assert (
        "third was chosen from more trainings than openai and lora, which favours it: part of a difference between these tutors"
        in tries(rows(third=2), tutors, 0)
    )
    assert "lora and third were chosen from more trainings than openai, which favours them" in tries(rows(lora=2, third=2), tutors, 0)
    assert "so the search favours none" in tries(rows(lora=2, third=2, openai=2), tutors, 0)


def test_nothing_is_said_of_tutors_that_are_not_there() -> None:
    """With one trained tutor there is no pair to favour, and without any there is no sentence."""
    assert tries(rows(lora=1), ["lora"], 14) == "Tried on the validation dialogues: 1 training of lora."
    assert tries([], ["baseline"], 14) == ""


def test_a_search_is_not_called_blind() -> None:
    """Where settings were chosen among several trainings, held-out scores could be seen; nothing says it came first."""
    said = "Scores of earlier runs on the held-out dialogues could be seen while settings were being chosen."
    assert said in tries(rows(lora=2), ["openai", "lora"], 0)
    assert said not in tries(rows(lora=1), ["openai", "lora"], 0)
