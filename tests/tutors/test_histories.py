from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutors.histories import last_exchanges

LESSON = Lesson("mathematics", 5, "Fractions", "Say why.", "Adds tops and bottoms.", ())


def dialogue(name: str, turns: int) -> Dialogue:
    """Return a dialogue of so many turns, student first, the turns numbered."""
    said = [Turn("student" if index % 2 == 0 else "teacher", f"{name} {index}") for index in range(turns)]
    return Dialogue(name, LESSON, tuple(said))


def said(row: dict[str, Any]) -> list[str]:
    """Return the texts of a row without its frame."""
    return [message["content"] for message in row["messages"][1:]]


@given(st.integers(3, 8).map(lambda pairs: 2 * pairs))
def test_a_shuffled_history_has_the_same_turns_in_another_order(turns: int) -> None:
    """The last exchange stays, roles still alternate, and at least one earlier turn stands elsewhere."""
    own = dialogue("own", turns)
    (row,) = last_exchanges([own])["shuffled"]
    expected = [turn.text for turn in own.turns]
    assert said(row)[-2:] == expected[-2:]
    assert sorted(said(row)) == sorted(expected)
    assert said(row) != expected
    assert [message["role"] for message in row["messages"][1:]] == ["user", "assistant"] * (turns // 2)


def test_a_foreign_history_is_the_next_dialogue_that_is_long_enough() -> None:
    """The frame is the dialogue's own; the beginning is another's."""
    rows = last_exchanges([dialogue("a", 6), dialogue("b", 2), dialogue("c", 8)])["foreign"]
    assert said(rows[0]) == ["c 0", "c 1", "c 2", "c 3", "a 4", "a 5"]
    assert [row["id"] for row in rows] == ["a", "c"]


def test_a_dialogue_with_too_little_before_its_end_is_left_out() -> None:
    """Two turns have no other order."""
    assert last_exchanges([dialogue("a", 4)]) == {"shuffled": [], "foreign": []}


def test_the_same_dialogues_give_the_same_rows() -> None:
    """Nothing but the dialogue decides its shuffling."""
    one, other = dialogue("a", 10), dialogue("b", 10)
    assert last_exchanges([one, other])["shuffled"][0] == last_exchanges([replace(one, source="x")])["shuffled"][0]
