"""Sense without a model: what can be read off the wording, with the signs that decided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.scoring.replied import Replied
from three_tutors.scoring.sense import misquoted, sense, signs, sums
from three_tutors.scoring.sense_weights import WEIGHTS
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("mathematics", 5, "Adding unlike fractions", "Say why pieces must have one size.", "Adds tops and bottoms.", ("5/6",))
STUDENT = "I got 2/5 for 1/2 + 1/3. Is that right?"
GOOD = "Before we check it, which is bigger, 2/5 or 1/2? Draw both on one bar."


def replied(reply: str, said: str = STUDENT) -> Replied:
    """Return a reply to one student turn."""
    return Replied(LESSON, (Turn("student", said),), reply)


def value(reply: str) -> float:
    """Return its score."""
    found = sense(replied(reply)).value
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("You got 2/5. You got 2/5. You got 2/5. You got 2/5.", "broken text"),
        ("Bigger one it, before bar? which 2/5 1/2 we on Draw both or check is.", "is in no English order"),
        ("I got 2/5 for 1/2 + 1/3, so my 2/5 is right.", "speaks of itself"),
        ("So 12 + 7 = 21. Which is bigger, 2/5 or 1/2? Draw both on one bar.", "has a wrong sum"),
        ('You said "thirds fit into halves". Which is bigger, 2/5 or 1/2?', "quotes what the student did not say"),
        ("Thank you for your answer. What would you like to find out, and how would you explain your idea to a friend?", "fit anything"),
    ],
)  # fmt: skip
def test_a_reply_that_makes_no_sense_falls(reply: str, reason: str) -> None:
    """Each fault costs most of the score, and the reason names it."""
    assert value(reply) < value(GOOD) / 2 or value(reply) < 0.35
    assert reason in sense(replied(reply)).reason


def test_fluent_nonsense_can_pass() -> None:
    """The score knows no facts: what is said in good order of the right matter is not seen through."""
    assert value("Half of a bar is bigger than its fifths, so five halves fit into the bottom. Which half is on top?") > 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 × 4 = 12", [("3 × 4 = 12", False)]),
        ("3 × 4 = 13", [("3 × 4 = 13", True)]),
        ("10 ÷ 3 = 3.33", [("10 ÷ 3 = 3.33", False)]),
        ("1/2 + 1/3 = 5/6", [("1/2 + 1/3 = 5/6", False)]),
        ("1/2 + 1/3 is 2/5", [("1/2 + 1/3 is 2/5", True)]),
        ("5 / 0 = 5", []),
        ("2 + 3 × 4 = 14", []),
        ("2 + 3 = 5 + 1", []),
        ("20% + 5 = 25", []),
        ("from 3 - 4 weeks", []),
    ],
)
def test_sums_are_checked(text: str, expected: list[tuple[str, bool]]) -> None:
    """A sum that is rounded is right; one that is part of a longer one, or of per cents, is not judged."""
    assert list(sums(text)) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('You said "I got 2/5". Why?', ""),
        ("You wrote 'is that right', so you doubt it.", ""),
        ('You said "adding unlike fractions" is hard.', ""),
        ('You said "it is three quarters". Why?', "it is three quarters"),
        ('Print "not equal" and look.', ""),
        ('You said "five". Why?', ""),
    ],
)
def test_a_quotation_is_of_what_was_said(reply: str, expected: str) -> None:
    """Only what is put into the student's mouth is checked, and only where it is more than one word."""
    assert misquoted(replied(reply)) == expected


@given(st.text(), st.text())
def test_any_reply_has_a_share_and_the_signs_that_count(reply: str, said: str) -> None:
    """Every sign has a weight, each is small, and the score stays between 0 and 1 whatever is written."""
    one = replied(reply, said)
    found = signs(one)
    assert found.keys() == WEIGHTS.keys()
    assert all(-3 <= number <= 3 for number in found.values())
    assert 0 <= (sense(one).value or 0.0) <= 1
