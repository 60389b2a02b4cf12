from __future__ import annotations

import pytest

from three_tutors.scoring.broken import broken
from three_tutors.scoring.praise import acceptance, false_praise, praise
from three_tutors.scoring.questioning import follow_up, questions
from three_tutors.scoring.readability import reading_level
from three_tutors.scoring.uptake import uptake
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.quantities import quantities

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
    assert expected == questions(reply, LESSON, WRONG).value


def test_praise_is_false_after_a_wrong_turn_only() -> None:
    """The same words are unscored after a right one."""
    assert (1.0, None) == (false_praise("Great job!", WRONG).value, false_praise("Great job!", RIGHT).value)


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


def test_a_follow_up_checks_what_was_understood() -> None:
    """A transfer does, applause does not."""
    assert (1.0, 0.0) == (follow_up("Predict what a plant in water alone does.", RIGHT).value, follow_up("Lovely.", RIGHT).value)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "It grows and it grows and it grows and it grows.",
        "Soil?\nStudent: yes.",
        "The student's answer is wrong.",
        "So the tree takes in air and then it makes sugar out of",
    ],
)
def test_what_no_teacher_says_is_broken(reply: str) -> None:
    """Silence, loops, other people's lines, talk about the student and cut sentences."""
    assert 1.0 == broken(reply).value


def test_uptake_rises_with_building_on_the_student_and_not_with_echoing() -> None:
    """Building on beats ignoring, ignoring in many words gains little, an echo gains nothing."""
    building = uptake("If the tree eats soil, what should happen to the soil in its pot?", WRONG).value or 0.0
    ignoring = uptake("Plants are green and there are many kinds of them in every garden of the world today.", WRONG).value or 0.0
    assert building > ignoring > (uptake("The tree eats soil with its roots.", WRONG).value or 0.0) == 0.0


def test_reading_level_rises_with_long_words() -> None:
    """A university sentence needs a higher grade than a child's."""
    child, adult = reading_level("The cat sat on the mat.").value, reading_level("Photosynthesis assimilates atmospheric carbon.").value
    assert (True, True, None) == ((child or 0) < 3, (adult or 0) > 12, reading_level("42.").value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twenty-one and $1,234.50", [21, 1234.5]),
        ("five sixths, half, 1 1/2, 2½", [5 / 6, 0.5, 1.5, 2.5]),
        ("100 000 km in 12cm and -4", [100000, 12, -4]),
        ("the 18th century at 12:30, step 1.2.3, the third time", []),
        ("one hundred and five minus 3", [105, -3]),
    ],
)
def test_numbers_are_read_in_their_usual_clothes(text: str, expected: list[float]) -> None:
    """Digits, words, fractions and signs; ordinals, times and section numbers are no quantities."""
    assert [pytest.approx(value) for value in expected] == [float(one.value) for one in quantities(text)]
