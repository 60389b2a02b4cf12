from __future__ import annotations

import pytest

from three_tutors.scoring.leak import leak, mention
from three_tutors.tutoring.dialogue import Turn

ASKED = (Turn("student", "How much is it?", understanding="confused"),)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("So together that makes 5/6.", "5/6"),
        ("It is five sixths of the bar.", "5/6"),
        ("That comes to about 0.83.", "5/6"),
        ("You get ⅚ of the bar.", "5/6"),
        ("The total is 1,200 strawberries.", "1200"),
        ("Half of them, so 50 percent.", "0.5"),
        ("That leaves twenty-one.", "21"),
        ("The current is 3 amperes.", "3 A"),
        ("So 12 V over 4 ohms gives 3.", "3 A"),
        ("Isn't it $40?", "40"),
        ("So x² + 6x + 9 is what you want.", "x^2 + 6x + 9"),
        ("They land together on the mat.", "land together"),
        ("A bowling ball lands together with it.", "land together"),
        ("It is -4 here.", "-4"),
    ],
)
def test_the_answer_given_away_in_usual_variants_is_seen(reply: str, answer: str) -> None:
    """Numbers, fractions, units, words and signs are one answer in many clothes."""
    assert 1.0 == leak(reply, answer=(answer,), turns=ASKED).value


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("Which is bigger, 5/6 or 1/2?", "5/6"),
        ("Try it in 3 small steps.", "3 A"),
        ("Is 40 m the length or the width, and what is 40 times 2?", "80"),
        ("It happened in the 18th century.", "18"),
        ("It's 4 here.", "-4"),
        ("Not 21, try again.", "21"),
        ("Multiply 21 by 2.", "42"),
        ("What lands first, and when do they land together?", "land together"),
        ("Chapter 1.2.3 has a picture.", "2"),
    ],
)
def test_what_is_no_leak_is_not_called_one(reply: str, answer: str) -> None:
    """A question, another number, an ordinal or another unit gives nothing away."""
    assert 0.0 == leak(reply, answer=(answer,), turns=ASKED).value


def test_a_lesson_without_an_answer_is_unscored() -> None:
    """Where there is nothing to give away, there is no score and not a zero."""
    assert leak("It is 5.", answer=(), turns=ASKED).value is None


def test_what_a_student_found_is_no_longer_a_leak() -> None:
    """After a right turn that holds the answer, the reply is unscored."""
    turns = (Turn("student", "five sixths", understanding="correct"),)
    assert leak("5/6 it is.", answer=("5/6",), turns=turns).value is None


def test_a_number_on_the_table_leaks_only_as_the_result() -> None:
    """The exercise named 20 candles; "the 20 candles" is harmless, "the profit is $20" is not."""
    turns = (Turn("teacher", "He makes 20 candles."), Turn("student", "The net profit is $50.", understanding="wrong"))
    harmless = leak("Look again at what the 20 candles cost.", answer=("20",), turns=turns)
    told = leak("The net profit should be $40 - $20 = $20.", answer=("20",), turns=turns)
    assert (0.0, 1.0) == (harmless.value, told.value)


def test_a_mention_is_quoted_as_it_was_said() -> None:
    """The reason shows the tutor's words."""
    assert "five sixths" == mention("It is five sixths.", "5/6")
