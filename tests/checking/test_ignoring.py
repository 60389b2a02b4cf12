from __future__ import annotations

import dataclasses

import pytest

from three_tutors.checking.ignoring import ignores
from three_tutors.tutoring.dialogue import Dialogue, Turn

SAID = "Adding made it smaller, because the bottom numbers got bigger together."


def replied(fractions: Dialogue, reply: str) -> bool:
    """Return whether `reply` to a student of fractions ignores them."""
    return ignores(dataclasses.replace(fractions, turns=(Turn("student", SAID), Turn("teacher", reply))), 1)


def test_a_reply_about_something_else_ignores_the_student(fractions: Dialogue) -> None:
    """Nothing of the student, the talk or the lesson comes up in it."""
    assert replied(fractions, "Photosynthesis turns carbon dioxide and water into sugar inside chloroplasts.")
    assert replied(fractions, "Let's try another problem. Ron has 60 pens, red, blue and black. How many are black?")


@pytest.mark.parametrize(
    "reply",
    [
        "What makes you think so?",
        "Smaller than what? Show me on a bar of chocolate with twelve squares.",
        "That works for a cake, too. Cut two cakes, one in fourths, one in sixths, and compare slices.",
        "Try it with fractions on your calculator: press one divided by seven twice.",
        "Tell me more.",
        "'Got bigger together' is a bold thing to say about a bar of chocolate cut in squares.",
    ],
)
def test_a_reply_that_takes_up_anything_is_left_alone(fractions: Dialogue, reply: str) -> None:
    """A word of the student or the lesson, a word that points back, or a short prompt is enough."""
    assert not replied(fractions, reply)


def test_a_student_who_says_little_cannot_be_ignored(fractions: Dialogue) -> None:
    """After "idk" a teacher has to begin somewhere."""
    turns = (Turn("student", "idk"), Turn("teacher", "Take a chocolate bar with twelve squares and eat five of them."))
    assert not ignores(dataclasses.replace(fractions, turns=turns), 1)
