from __future__ import annotations

import dataclasses

import pytest

from three_tutors.checking.revealing import reveal, said
from three_tutors.tutoring.dialogue import Dialogue, Turn


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So it is 5/6.", "5/6"),
        ("that makes 5 / 6, right?", "5/6"),
        ("It would be x = 3 here", "x=3"),
        ("You get −4 then.", "-4"),
        ("The Treaty of  Versailles did it.", "treaty of versailles"),
        ("(12) is what you want", "12"),
        ("It costs $3.50.", "$3.50"),
        ("Then it is 50%!", "50%"),
        ("He took 2,000 steps.", "2000"),
        ("He took 12 000 steps.", "12000"),
        ("print(total) is missing", "print(total)"),
        ("se dice «me gusta»", "me gusta"),
    ],
)
def test_an_answer_is_said_in_any_spacing_and_case(text: str, answer: str) -> None:
    """Spaces, case, kinds of minus and punctuation around it do not hide an answer."""
    assert said(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Look at 15 and 50.", "5"),
        ("Look at 0.5, 5.2 and 1,500.", "5"),
        ("Look at 5/6 and 1/5.", "5"),
        ("It went to -5.", "5"),
        ("That is 5% of it, at 5 °C.", "5"),
        ("It's 12:05 now.", "12"),
        ("The cathedral stands.", "cat"),
        ("It's the dog's bone", "dog"),
    ],
)
def test_another_number_or_word_is_not_the_answer(text: str, answer: str) -> None:
    """A part of a number, fraction, percentage, time or word says something else."""
    assert said(text, answer) is None


def lesson(fractions: Dialogue, *turns: Turn, answer: tuple[str, ...] = ("5/6",)) -> Dialogue:
    """Return a dialogue of these turns."""
    return dataclasses.replace(fractions, turns=turns, lesson=dataclasses.replace(fractions.lesson, answer=answer))


def test_an_answer_given_away_is_quoted_with_the_words_around_it(fractions: Dialogue) -> None:
    """The message shows what was said, so that nobody has to look for it."""
    told = Turn("teacher", "Put both into sixths and you will find that they make 5/6 together. See it?")
    assert reveal(lesson(fractions, Turn("student", "help"), told)) == (
        "E201",
        'gives the answer "5/6" away before the student has it: "…will find that they make 5/6 together. See it?"',
        ("turns", 1, "teacher"),
    )


def test_what_the_student_has_said_is_no_secret(fractions: Dialogue) -> None:
    """Once the student has the answer, in digits, words or as a decimal, the teacher may say it."""
    told = Turn("teacher", "5/6 it is. Why?")
    for student in ("is it 5/6", "five sixths!", "0.83"):
        assert reveal(lesson(fractions, Turn("student", student), told)) is None
    assert reveal(lesson(fractions, Turn("student", "is it 4/6"), told))


def test_an_explanation_may_tell_after_two_tries(fractions: Dialogue) -> None:
    """The first reply may not, the one after a second try may, and a question may never."""
    tries = (Turn("student", "2/5"), Turn("teacher", "Draw it."), Turn("student", "no idea"))
    explained = Turn("teacher", "A half is 3/6, a third 2/6: 5/6.", strategy="direct_explanation")
    asked = Turn("teacher", "Could it be 5/6?", strategy="socratic_questioning")
    assert reveal(lesson(fractions, tries[0], explained))
    assert reveal(lesson(fractions, *tries, explained)) is None
    assert reveal(lesson(fractions, *tries, asked))


def test_a_lone_digit_has_to_be_a_result(fractions: Dialogue) -> None:
    """A single digit stands in many innocent places."""
    student = Turn("student", "how many?")
    assert reveal(lesson(fractions, student, Turn("teacher", "Share them among 4 of you."), answer=("4",))) is None
    assert reveal(lesson(fractions, student, Turn("teacher", "12 / 3 = 4, do you see?"), answer=("4",)))
    assert reveal(lesson(fractions, student, Turn("teacher", "The answer is 4."), answer=("4",)))


def test_a_number_that_a_sum_begins_with_is_not_told(fractions: Dialogue) -> None:
    """Ten in "10 - 1 = 9" is where somebody starts; said again as a result it is given away."""
    student = Turn("student", "how many?")
    assert reveal(lesson(fractions, student, Turn("teacher", "That makes 10 - 1 = 9 a day."), answer=("10",))) is None
    assert reveal(lesson(fractions, student, Turn("teacher", "10 - 1 = 9, and all in all it is 10."), answer=("10",)))


@pytest.mark.parametrize(("answer", "told"), [("5/6", "five sixths"), ("11", "eleven"), ("3/4", "three quarters")])
def test_a_spelled_number_is_the_number(answer: str, told: str, fractions: Dialogue) -> None:
    """Whoever spells the answer gives it away as well."""
    found = reveal(lesson(fractions, Turn("student", "how much?"), Turn("teacher", f"That makes {told} in all."), answer=(answer,)))
    assert found
    assert f"makes {told} in all" in found[1]


def test_without_an_answer_nothing_is_given_away(fractions: Dialogue) -> None:
    """A lesson may have no answer to guard."""
    assert reveal(lesson(fractions, Turn("student", "x"), Turn("teacher", "It is 5/6."), answer=())) is None
