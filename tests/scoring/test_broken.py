from __future__ import annotations

from dataclasses import replace

from three_tutors.scoring.broken import broken, broken_words
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn

CUT = Replied(
    Lesson("biology", 4, "Where a tree's mass comes from", "Say what wood is made of."),
    (Turn("student", "Wood is soil.", understanding="wrong"),),
    "So the tree takes in",
    "length",
)


def test_a_short_reply_that_ran_out_of_tokens_is_broken() -> None:
    """Its words alone could be a turn; a model that ended it by itself, or a full stop, makes it one."""
    assert [1.0, 0.0, 0.0] == [broken(one).value for one in (CUT, replace(CUT, finish_reason="stop"), replace(CUT, reply="Weigh it."))]
    assert 0.0 == broken_words(CUT).value


def test_a_fault_is_told_as_it_was_found() -> None:
    """The reason names what is wrong, whether or not the tokens ran out."""
    assert {"repeats itself"} == {broken(replace(CUT, reply="Air? Air?", finish_reason=why)).reason for why in ("stop", "length")}
