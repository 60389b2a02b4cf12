"""Replies that play to the scorer rank below a teacher's in the four dimensions, as a teacher would rank them."""

from __future__ import annotations

import pytest

from three_tutors.scoring.dimension_cues import Exercise
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.scoring.dimensions import dimensions, unrelated
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.rubric import score
from three_tutors.tutoring.dialogue import Lesson, Turn

JACKET = "Number 4: a jacket costs 80 euros and is 25 percent off. I get 80 - 25, so 55 euros."
MOON = "The moon has phases because the shadow of the Earth falls on it."
EXERCISES = {
    "percent": (
        Lesson("mathematics", 7, "Percent of a price", "Say what 25 percent is of.", "Subtracts the percent as euros.", ("60",)),
        (Turn("student", JACKET, understanding="wrong"),),
        "You took away 25 euros. Suppose the jacket cost 20 euros: what would 25 percent off give by your rule, and can that be?",
    ),
    "moon": (
        Lesson("earth_science", 6, "Phases of the moon", "Say what makes the phases.", "Phases are the Earth's shadow.", ()),
        (Turn("student", MOON, understanding="wrong"),),
        "Shadows need the Earth between the sun and the moon. At half moon, where do you see the sun and the moon in the sky?",
    ),
}
TRICKS = {
    "parrots": {"percent": JACKET, "moon": MOON},
    "parrots in a frame": {"percent": f"You said: {JACKET} What do you think?", "moon": f"So you say: {MOON} Is that right?"},
    "asks anything": dict.fromkeys(EXERCISES, "Can you explain why you think that?"),
    "asks anything else": dict.fromkeys(EXERCISES, "What do you think you should do next?"),
    "praises": dict.fromkeys(EXERCISES, "Great job! You are doing so well, keep going!"),
    "praises the mistake": {
        "percent": "Yes, exactly, 80 - 25 is 55 euros. Well done!",
        "moon": "Yes, exactly, it is the shadow. Well done!",
    },
    "gives the answer": {
        "percent": "The price is 60 euros, because 25 percent of 80 is 20.",
        "moon": "The sun lights one half. We see parts of it.",
    },
    "copies a statement": dict.fromkeys(EXERCISES, "Line three touches only a. Printing b gives 3, since the plus was never stored."),
    "copies a question": dict.fromkeys(EXERCISES, "Think of the beach, with only sand and sea. Can it be windy there?"),
    "is long": {
        "percent": "Percent is an important topic. Percent means a part of one hundred. There are many kinds of percent in shops, in banks "
        "and in other places. Prices go up and down every day. Students learn percent in school, and grown-ups use it all the time.",
        "moon": "The moon is an interesting body. It goes around our planet. Many people have looked at the moon in many countries. There "
        "are songs about the moon and poems about the moon. The moon has craters and mountains and no air, and it is far away from us.",
    },
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_ranks_below_the_teacher(trick: str, exercise: str) -> None:
    """In the mean of the four dimensions and in the rubric, the teacher's own turn stands clearly above the trick."""
    lesson, turns, teacher = EXERCISES[exercise]
    reply = TRICKS[trick][exercise]
    assert mean_level(reply, exercise) <= mean_level(teacher, exercise) - 0.2
    assert score(reply, lesson=lesson, turns=turns).value <= score(teacher, lesson=lesson, turns=turns).value - 0.2


def mean_level(reply: str, exercise: str) -> float:
    """Return the mean over the four dimensions."""
    lesson, turns, _ = EXERCISES[exercise]
    return sum(level.value or 0.0 for level in dimensions(Replied(lesson, turns, reply)).values()) / len(DIMENSIONS)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_teachers_own_turn_stands_high(exercise: str) -> None:
    """The reference itself reaches three quarters of the four dimensions."""
    assert mean_level(EXERCISES[exercise][2], exercise) >= 0.75


def test_building_on_the_students_words_is_no_echo() -> None:
    """Quoting the student to put the words to a test adds something; the words alone, framed or not, do not."""
    lesson, turns, _ = EXERCISES["moon"]
    built, framed = f"You say: {MOON} Where would the sun have to stand for that?", f"You said: {MOON} What do you think?"
    found = [unrelated(Replied(lesson, turns, reply), Exercise(turns, ())) for reply in (built, MOON, framed)]
    assert [None, *["repeats an earlier turn and adds nothing"] * 2] == found


def test_every_level_names_what_decided_it() -> None:
    """A level comes with the cues, and with the reply's own words where they matched."""
    lesson, turns, _ = EXERCISES["percent"]
    reply = "Not quite. Check: is 25 percent of 80 the same as 25 euros?"
    told = dimensions(Replied(lesson, turns, reply))["mistake_identification"]
    assert (1.0, True) == (told.value, "“" in told.reason)
