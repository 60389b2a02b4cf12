"""Every tutor is asked the same, and no more than can be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.tutoring import questions as module
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.questions import MOST_TURNS, asked_moments, questions

ONE = small_run.dialogues(1)[0]


def dialogue(number: int, exchanges: int) -> Dialogue:
    """Return a dialogue of so many student turns, each answered."""
    turns = tuple(turn for at in range(exchanges) for turn in (Turn("student", f"Said {at}."), Turn("teacher", f"Asked {at}?")))
    return replace(ONE, id=f"dialogue-{number}", turns=turns)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_no_more_is_asked_than_can_be_and_all_dialogues_are_asked_alike(lengths: list[int]) -> None:
    """All turns where they are few enough; else as many of each dialogue, and more than one only where that fits; else some dialogues."""
    dialogues = [dialogue(number, length) for number, length in enumerate(lengths)]
    asked = Counter(one.dialogue for one in questions(dialogues))
    most = max(asked.values())
    assert asked.total() <= MOST_TURNS
    if len(lengths) > MOST_TURNS:
        assert (most, asked.total()) == (1, MOST_TURNS)
        return
    assert [asked[one.id] for one in dialogues] == [min(most, length) for length in lengths]
    fits = sum(min(most + 1, length) for length in lengths) <= MOST_TURNS
    assert most == max(lengths) or not fits


def test_turns_are_spread_over_the_length_of_a_dialogue() -> None:
    """One of each half where two are asked of each; where one is, early and late ones alike: in the middle teachers do other things."""
    two = questions([dialogue(number, 8) for number in range(MOST_TURNS // 2)])
    assert [one.turn < 8 for one in two] == [True, False] * (MOST_TURNS // 2)
    one = Counter(one.turn // 4 for one in questions([dialogue(number, 8) for number in range(2 * MOST_TURNS)]))
    assert set(one) == {0, 1, 2, 3}


def test_a_question_holds_everything_up_to_the_student_turn_and_the_teachers_reply() -> None:
    """A last turn that nobody answers is not asked."""
    open_ended = replace(ONE, turns=ONE.turns[:3])
    (only,) = questions([open_ended])
    assert (only.item, only.turns, only.reference) == (f"{ONE.id}#0", ONE.turns[:1], ONE.turns[1])
    assert questions([]) == []


def test_the_moments_that_are_asked_are_a_fixed_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many pairs of each kind and cases of each theme, whatever else there is and in whichever order it is read; both sides of each."""
    moments = small_run.moments()
    many = [replace(one, id=f"{one.id}-{number}") for one in moments for number in range(9)]
    monkeypatch.setattr(module, "PAIRS_OF_A_KIND", 2)
    monkeypatch.setattr(module, "CASES_OF_A_THEME", 1)
    asked = asked_moments(many)
    assert Counter(moment.pair or moment.theme for _, moment, _ in asked) == {
        "right_or_wrong": 4,
        "dangerous_experiments": 1,
        "lookalike": 1,
    }
    assert {item for item, _, _ in asked_moments(many[::-1])} == {item for item, _, _ in asked}
    assert [item for item, _, _ in asked] == [item for item, _, _ in asked_moments(sorted(many, key=many.index))]
    sides = [item.rpartition("#")[0] for item, moment, _ in asked if moment.pair]
    assert sides == [f"{name}/{side}" for name in dict.fromkeys(one.partition("/")[0] for one in sides) for side in (1, 2)]


def test_another_pair_of_another_kind_changes_no_draw() -> None:
    """What is added to one kind leaves the others as they were."""
    moments = [replace(one, id=f"{one.id}-{number}") for one in small_run.moments() for number in range(9)]
    more = [*moments, *(replace(one, id=f"new-{one.id}", pair="fact") for one in moments if one.pair)]
    before = {item for item, _, _ in asked_moments(moments)}
    assert before < {item for item, _, _ in asked_moments(more)}
