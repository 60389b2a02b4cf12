"""Bots reply without reading what the student means."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests import small_run
from three_tutors.trust.bots import SHUFFLED, bots
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.questions import questions

HELD_OUT = small_run.dialogues()
SPOKEN = {one.id: one.turns for one in HELD_OUT}
ASKED = questions(HELD_OUT)


def test_every_bot_replies_to_every_turn_and_again_the_same() -> None:
    """None is silent, and nothing depends on chance."""
    first, second = ({name: [bot(one) for one in ASKED] for name, bot in bots(SPOKEN, HELD_OUT).items()} for _ in range(2))
    assert first == second
    assert {name for name, replies in first.items() if not all(replies)} == set()


def test_a_template_holds_the_students_words_and_a_fixed_sentence_does_not() -> None:
    """The nonsense is the same nonsense for every student."""
    made = bots(SPOKEN, HELD_OUT)
    assert made["nonsense"](ASKED[0]) == "Purple ladders test 2/5 1/2 1/3 whenever bananas sing: does your idea fit the moon?"
    assert len({made["good question"](one) for one in ASKED}) == 1


def test_the_shuffled_teacher_says_the_teachers_words() -> None:
    """Each sentence keeps its words and loses their order."""
    shuffled = bots(SPOKEN, HELD_OUT)[SHUFFLED]
    for one in ASKED:
        assert Counter(shuffled(one).split()) == Counter(one.reference.text.split())
    assert any(shuffled(one) != one.reference.text for one in ASKED)


def test_a_borrowed_turn_is_not_the_one_that_belongs_here() -> None:
    """It comes from another dialogue, or from another place of this one."""
    made = bots(SPOKEN, HELD_OUT)
    assert all(made["next turn"](one) != one.reference.text for one in ASKED)
    with_other_words = [dialogue.turns[1].text for dialogue in HELD_OUT]
    assert made["teacher of another dialogue"](ASKED[0]) == with_other_words[1]


def test_what_the_teacher_says_here_is_not_borrowed() -> None:
    """Where nothing comes later, the next turn is an earlier one; where there is none, the bot is silent."""
    asked = ASKED[0]
    own = (*asked.turns, asked.reference)
    assert bots({asked.dialogue: own}, HELD_OUT)["next turn"](asked) == ""
    before = Turn("teacher", "What do you have?")
    later = replace(asked, turn=1, turns=(before, *asked.turns))
    assert bots({asked.dialogue: (before, *own)}, HELD_OUT)["next turn"](later) == before.text
