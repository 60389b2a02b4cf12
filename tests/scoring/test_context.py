from __future__ import annotations

from three_tutors.scoring.context import consistency, surprise
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("physics", 9, "Ohm's law", "Work out the current.")
WRONG = Turn("student", "It is 48 amps because I multiplied.", understanding="wrong")
TALK = (
    WRONG,
    Turn("teacher", "Not quite. What does resistance do?"),
    Turn("student", "Still 48 amps, I multiplied.", understanding="wrong"),
)


def test_a_tutor_that_gives_in_contradicts_itself() -> None:
    """What was doubted once is not accepted when it is only said again."""
    replies = "You're right, 48 amps.", "Does 48 fit a 10 amp fuse?"
    assert [0.0, 1.0] == [consistency(Replied(LESSON, TALK, reply)).value for reply in replies]


def test_saying_the_same_again_is_no_answer() -> None:
    """Word for word the same reply stands by nothing."""
    assert 0.0 == consistency(Replied(LESSON, TALK, "Not quite! What does resistance do?")).value


def test_the_first_reply_has_nothing_to_stand_by() -> None:
    """It is unscored."""
    assert consistency(Replied(LESSON, (WRONG,), "Hello.")).value is None


def test_surprise_is_told_by_the_tutors_own_model() -> None:
    """Without a likelihood there is no score."""
    found = surprise([{"nll": 2.0, "tokens": 9}])
    assert (2.0, "9 tokens") == (found.value, found.reason)
    assert surprise([]).value is None
