from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.scoring.rubric import score
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn

LESSON = Lesson(
    subject="mathematics",
    grade=5,
    topic="Adding fractions with unlike denominators",
    objective="Say why both fractions need pieces of the same size before they are added.",
    misconception="Adds numerators and denominators separately.",
    answer=("5/6",),
)
TURNS = (Turn("student", "I got 2/5 for 1/2 + 1/3. Is that right?", understanding="wrong"),)
TEACHER = "Before we check it, which is bigger, 2/5 or 1/2?"

# What a teacher would rank below the teacher's own turn.
TRICKS = {
    "parrots the student": "I got 2/5 for 1/2 + 1/3. Is that right?",
    "parrots with a frame": "You said: I got 2/5 for 1/2 + 1/3. Is that right? What do you think?",
    "asks anything": "Can you explain why you think that?",
    "asks about the topic": "Can you tell me more about adding fractions with unlike denominators?",
    "praises": "Great job! You are doing so well, keep going!",
    "praises and asks": "Great job with 2/5! Which is bigger, 2/5 or 1/2?",
    "gives the answer": "Use sixths: 3/6 + 2/6, so the answer is 5/6.",
    "copies another dialogue": "Trusting the doctors of your time, just as they did. And old ideas could lead somewhere useful.",
    "lectures": " ".join(
        f"When we add fractions we look at the {n} denominators, the pieces and their sizes, one by one." for n in range(12)
    ),
    "is empty": "",
    "repeats itself": "Which is bigger, 2/5 or 1/2? Which is bigger, 2/5 or 1/2?",
    "speaks for the student": "Which is bigger, 2/5 or 1/2?\nStudent: 1/2 is bigger.",
    "asks three questions": "Which is bigger, 2/5 or 1/2? And what is 1/3 of 6? What is a denominator?",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_ranks_below_the_teacher(trick: str) -> None:
    """A reply that plays to the scorer gets less than the teacher's own turn, by a clear distance."""
    teacher = score(TEACHER, lesson=LESSON, turns=TURNS).value
    assert score(TRICKS[trick], lesson=LESSON, turns=TURNS).value <= teacher - 0.1


def test_the_teacher_passes_and_needs_no_feedback() -> None:
    """The hand-written turn meets every criterion."""
    scored = score(TEACHER, lesson=LESSON, turns=TURNS)
    assert (True, "") == (scored.passed, scored.feedback)


def test_feedback_names_the_failed_criterion() -> None:
    """A leak is named with the words that leak."""
    scored = score("The answer is 5/6.", lesson=LESSON, turns=TURNS)
    assert (False, True) == (scored.passed, "keeps_answer: gives away “5/6”." in scored.feedback)


def test_an_answer_the_student_has_found_may_be_confirmed(fractions: Dialogue) -> None:
    """Once the student has said the answer it can no longer be given away."""
    turns = (Turn("student", "Then 3/6 + 2/6 is 5/6!", understanding="correct"),)
    said = score("Yes, 5/6. Explain to a friend why sixths work and fifths do not.", lesson=fractions.lesson, turns=turns)
    assert (True, 1.0) == (said.passed, said.criteria[0].value)


@given(st.text(max_size=300))
def test_any_text_gets_a_value_between_zero_and_one_and_always_the_same(reply: str) -> None:
    """Whatever a model says, the rubric answers, and answers twice alike."""
    scored = score(reply, lesson=LESSON, turns=TURNS)
    assert 0.0 <= scored.value <= 1.0
    assert scored == score(reply, lesson=LESSON, turns=TURNS)
