"""A score rises, or does not, with what people said of the replies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.following import following
from three_tutors.trust.graded import Graded
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.methods import REFERENCE

LESSON = Lesson("mathematics", 5, "fractions", "adds them")
MEASURED = {"valued": replace(MEASURES["score"], name="valued", of=lambda one: Score(float(one.reply), ""))}
"""One score: whatever number the reply says."""


def row(moment: str, reply: float, *, writer: str = "", label: float | None = None) -> Graded:
    """Return a reply that consists of a number, and what a person said of it."""
    one = Replied(LESSON, (Turn("student", moment),), str(reply))
    return Graded(moment, moment, writer, one, "", None, {} if label is None else {"sense": label})


def test_teachers_are_apart() -> None:
    """Teachers who get the best of everything make any score look right: they are in the first figure only."""
    rows = [row("a", 9, writer=REFERENCE, label=5), row("b", 9, writer=REFERENCE, label=5)]
    rows += [row(moment, value, writer="lora", label=6 - value) for moment, value in (("a", 1), ("b", 2))]
    rows += [row(moment, value, writer="dspy", label=value) for moment, value in (("a", 3), ("b", 3))]
    found = following(rows, MEASURED)["valued"]["sense"]
    assert (found.rows, dict(found.writers)) == (6, {"dspy": None, "lora": pytest.approx(-1), REFERENCE: None})
    assert found.within
    assert found.within.value == pytest.approx(-1)
    assert found.everyone
    assert found.tutors
    assert found.tutors.value < 0 < found.everyone.value


def test_labels_and_grades_are_followed_one_by_one() -> None:
    """A row without a label is missing in that label's figure and in no other."""
    rows = [replace(row("a", 1), grade=3.0), replace(row("b", 0), grade=0.0), row("c", 5, label=1)]
    found = following(rows, MEASURED)["valued"]
    assert {name: one.rows for name, one in found.items()} == {"grade": 2, "sense": 1}
    assert found["grade"].everyone
    assert (found["grade"].everyone.value, found["sense"].everyone) == (pytest.approx(1), None)
