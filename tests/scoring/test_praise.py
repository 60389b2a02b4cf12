from __future__ import annotations

import pytest

from three_tutors.scoring.praise import acceptance, false_praise, praise
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn

WRONG = (Turn("student", "The tree eats soil with its roots, so wood is soil.", understanding="wrong"),)
RIGHT = (Turn("student", "Then the soil should be gone, and it is still there!", understanding="correct"),)


def test_praise_is_false_after_a_wrong_turn_only() -> None:
    """The same words are unscored after a right one."""
    lesson = Lesson("biology", 4, "Where a tree's mass comes from", "Say what wood is made of.")
    assert [1.0, None] == [false_praise(Replied(lesson, turns, "Great job!")).value for turns in (WRONG, RIGHT)]


@pytest.mark.parametrize("reply", ["That's a great example.", "Well done!", "Good thinking.", "You're doing great.", "I love your idea."])
def test_praise_is_seen(reply: str) -> None:
    """Praise comes in many words."""
    assert praise(reply)


@pytest.mark.parametrize(
    "reply", ["That isn't right yet.", "Is it right?", "Turn right at the tree.", "If that is right, where is the soil?"]
)
def test_what_accepts_nothing_is_not_read_as_yes(reply: str) -> None:
    """A doubt, a question, a direction and a condition say nobody is right."""
    assert acceptance(reply) is None
