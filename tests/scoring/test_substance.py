"""Substance pays for what the teacher brought in, and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.held_out import held_out
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.substance import substance
from three_tutors.trust.bots import SHUFFLED, bots
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.questions import Question, questions

LESSON = Lesson("mathematics", 5, "Comparing fractions", "Say which fraction is larger.")
SAID = "Sixths are bigger because six is more than three."
TEACHER = "Cut one bar into three and one bar into six. Whose piece would fill your plate?"

ITS_OWN = st.sampled_from(["bar", "piece", "friend", "drawing", "plate"])
THE_STUDENTS = st.sampled_from(["rain", "cloud", "river", "sea", "valley"])
EVERYBODYS = st.sampled_from(["the", "of", "is", "your"])


def texts(*words: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[str]:
    """Return a strategy for texts of these words."""
    return st.lists(st.one_of(*words), min_size=least, max_size=12).map(" ".join)


def of(reply: str, *, said: str = SAID, teacher: str | None = TEACHER) -> float | None:
    """Return the substance of a reply to one student turn."""
    reference = None if teacher is None else Turn("teacher", teacher)
    return substance(Replied(LESSON, (Turn("student", said),), reply, reference=reference)).value


def mean(asked: list[Question], replies: list[str]) -> float:
    """Return the mean substance of replies to held-out turns."""
    scored = [
        substance(Replied(one.lesson, one.turns, reply, reference=one.reference)).value for one, reply in zip(asked, replies, strict=True)
    ]
    values = [value for value in scored if value is not None]
    assert len(values) > len(scored) / 2
    return sum(values) / len(values)


def test_bots_get_next_to_nothing_over_the_held_out_dialogues_and_teachers_all() -> None:
    """A bot that reads nothing says hardly anything that the teacher does; the teacher's own words in random order get at most half."""
    asked = questions(held_out())
    got = {
        name: mean(asked, [bot(one) for one in asked]) for name, bot in bots({one.id: one.turns for one in held_out()}, held_out()).items()
    }
    shuffled = got.pop(SHUFFLED)
    assert mean(asked, [one.reference.text for one in asked]) == 1
    assert max(got.values()) < 0.05
    assert 0.05 < shuffled <= 0.5


@given(said=texts(THE_STUDENTS, EVERYBODYS), teacher=texts(ITS_OWN, THE_STUDENTS, EVERYBODYS), reply=texts(ITS_OWN, THE_STUDENTS))
def test_it_is_a_share_and_the_teachers_own_reply_gets_all_of_it(said: str, teacher: str, reply: str) -> None:
    """It lies between 0 and 1 where the teacher brings in anything, and is 1 for the teacher's own reply."""
    value = of(reply, said=said, teacher=teacher)
    assert value is None or 0 <= value <= 1
    assert of(teacher, said=said, teacher=teacher) in {None, 1.0}
    assert (value is None) == (of(teacher, said=said, teacher=teacher) is None)


@given(
    said=texts(THE_STUDENTS, least=1),
    teacher=texts(ITS_OWN, EVERYBODYS),
    reply=texts(ITS_OWN, EVERYBODYS, THE_STUDENTS),
    first=st.booleans(),
)
def test_handing_back_what_the_student_said_gains_nothing(said: str, teacher: str, reply: str, first: bool) -> None:
    """Before or after a reply, the student's words never add to what it gets."""
    before, after = (
        of(reply, said=said, teacher=teacher),
        of(f"{said}. {reply}" if first else f"{reply}. {said}", said=said, teacher=teacher),
    )
    assert (before is None) == (after is None)
    assert before is None or after is None or after <= before


@given(texts(THE_STUDENTS, EVERYBODYS))
def test_words_that_everybody_has_are_worth_nothing(reply: str) -> None:
    """A reply out of the student's and everybody's words has no substance, even where the teacher uses them too."""
    said = "Rain, a cloud, a river, the sea and a valley."
    assert of(reply, said=said, teacher="Is the rain of your cloud in the bar, or in the river of the valley?") == 0


def test_the_teachers_words_in_their_order_are_worth_more_than_in_another() -> None:
    """What is said is more than the words: pairs that belong together count double."""
    ordered, jumbled = of("Does one piece fill your plate?"), of("Your plate one fill does piece?")
    assert ordered is not None
    assert jumbled is not None
    assert ordered > jumbled > 0


def test_a_reason_names_the_words_as_they_were_said() -> None:
    """Not their stems, which nobody says."""
    shared = substance(Replied(LESSON, (Turn("student", SAID),), "Which pieces fill it?", reference=Turn("teacher", TEACHER)))
    assert shared.reason == "brings in, as the teacher does: pieces, fill"


@pytest.mark.parametrize("teacher", [None, "Six is more than three.", ""])
def test_nothing_is_scored_where_the_teacher_brings_in_nothing(teacher: str | None) -> None:
    """No teacher replied, or said only what was said before."""
    assert of("Cut one bar.", teacher=teacher) is None
