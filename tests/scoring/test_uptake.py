from __future__ import annotations

from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.uptake import uptake
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("biology", 4, "Where a tree's mass comes from", "Say what wood is made of.")
WRONG = (Turn("student", "The tree eats soil with its roots, so wood is soil.", understanding="wrong"),)


def taken(reply: str) -> Score:
    """Return the score of a reply to the wrong turn."""
    return uptake(Replied(LESSON, WRONG, reply))


def test_uptake_rises_with_building_on_the_student_and_not_with_echoing() -> None:
    """Building on beats ignoring, ignoring in many words gains little, an echo gains nothing."""
    building = taken("If the tree eats soil, what should happen to the soil in its pot?").value or 0.0
    ignoring = taken("Plants are green and there are many kinds of them in every garden of the world today.").value or 0.0
    assert building > ignoring > (taken("The tree eats soil with its roots.").value or 0.0) == 0.0
