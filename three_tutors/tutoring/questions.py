"""What every tutor is asked: the held-out student turns of the test split, and the scenarios.

A question's `item` names it in answers, scores and reports alike: `<dialogue or scenario id>#<turn>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Scenario, Turn


@dataclass(frozen=True)
class Question:
    """One held-out student turn with its true history and the reply its teacher gave."""

    dialogue: str
    turn: int
    """Index of the student turn in the dialogue, counted from 0."""
    lesson: Lesson
    turns: tuple[Turn, ...]
    """Everything up to and including the student turn."""
    reference: Turn

    @property
    def item(self) -> str:
        """Name of this question."""
        return f"{self.dialogue}#{self.turn}"


def questions(dialogues: Sequence[Dialogue]) -> list[Question]:
    """Return every student turn that a teacher answers, in the order of the dialogues."""
    return [
        Question(dialogue.id, index, dialogue.lesson, dialogue.turns[: index + 1], dialogue.turns[index + 1])
        for dialogue in dialogues
        for index, turn in enumerate(dialogue.turns[:-1])
        if turn.speaker == "student"
    ]


def digest(items: Sequence[str]) -> str:
    """Return a short fingerprint of a list of item names, which tells one split from another."""
    return hashlib.sha256("\n".join(items).encode()).hexdigest()[:16]


def items(dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario]) -> list[str]:
    """Return the names of all that a tutor is asked, in the order in which its answers stand."""
    scripted = [f"{scenario.id}#{index}" for scenario in scenarios for index in range(len(scenario.turns))]
    return [question.item for question in questions(dialogues)] + scripted
