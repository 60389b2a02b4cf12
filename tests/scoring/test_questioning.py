from __future__ import annotations

import pytest

from three_tutors.scoring.questioning import follow_up, questions
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("biology", 4, "Where a tree's mass comes from", "Say what wood is made of.", "Wood is soil.", ("air",))
WRONG = (Turn("student", "The tree eats soil with its roots, so wood is soil.", understanding="wrong"),)
RIGHT = (Turn("student", "Then the soil should be gone, and it is still there!", understanding="correct"),)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("How much soil should be missing from the pot?", 1.0),
        ("Weigh the soil in the pot before and after.", 1.0),
        ("What do you think?", 0.0),
        ("What makes you say that about the soil?", 0.5),
        ("Soil holds water.", 0.5),
        ("Is it soil? Or is it water from the roots?", 0.5),
        ("Is it soil? Is it water? Is it wood?", 0.0),
        ("Who won the match yesterday?", 0.0),
    ],
)
def test_one_answerable_question_about_the_matter(reply: str, expected: float) -> None:
    """One question or task that this student can work on is best; anything at all earns nothing."""
    assert expected == questions(Replied(LESSON, WRONG, reply)).value


def test_a_follow_up_checks_what_was_understood() -> None:
    """A transfer does, applause does not."""
    replies = "Predict what a plant in water alone does.", "Lovely."
    assert [1.0, 0.0] == [follow_up(Replied(LESSON, RIGHT, reply)).value for reply in replies]
