"""What the dialogues are like as conversations, beside other data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.reporting.data_shape import BANDS, Share, band, beside, shape, talk
from three_tutors.tutoring.dialogue import OUTCOMES, STRATEGIES, Dialogue, Outcome, Strategy, Turn, Understanding

FIRST = small_run.dialogues(1)[0]


def lesson(
    *said: tuple[str, Understanding | str], moves: tuple[Strategy | str, ...] = (), outcome: Outcome | str = "solved", grade: int = 5
) -> Dialogue:
    """Return a dialogue of these student turns, each answered by a teacher turn with one of `moves`."""
    turns = []
    for at, (text, understanding) in enumerate(said):
        move = moves[at] if at < len(moves) else ""
        turns += [Turn("student", text, understanding=understanding), Turn("teacher", "What of it?", strategy=move)]  # type: ignore[arg-type]
    return replace(FIRST, turns=tuple(turns), outcome=outcome, lesson=replace(FIRST.lesson, grade=grade))  # type: ignore[arg-type]


def test_an_arc_runs_from_the_first_to_the_last_student_turn() -> None:
    """Lessons that start wrong or partly right are counted, and of them those that end right; a right start says nothing."""
    found = shape(
        [
            lesson(("2/5", "wrong"), ("5/6", "correct")),
            lesson(("2/5?", "partial"), ("5/6", "correct"), ("no 2/5", "wrong")),
            lesson(("5/6", "correct"), ("and now", "off_topic")),
            lesson(("2/5", "wrong"), ("5/6", "")),
        ]
    )
    assert found.mended == Share(1, 2)


def test_endings_are_those_that_are_said() -> None:
    """Unresolved and wrong lessons are unsolved; one that does not say how it ends is in no share."""
    found = shape([lesson(("2/5", "wrong"), outcome=outcome) for outcome in (*OUTCOMES, "wrong", "")])
    assert (found.unsolved, found.told) == (Share(3, 6), Share(1, 6))


def test_the_same_move_running_is_counted_between_labelled_neighbours() -> None:
    """A move that comes again later repeats without running on; a turn without a label breaks the row."""
    turns = [("one", "wrong")] * 4
    found = shape(
        [
            lesson(*turns, moves=("scaffolding", "scaffolding", "encouragement", "scaffolding")),
            lesson(*turns, moves=("scaffolding", "", "scaffolding", "encouragement")),
            lesson(*turns, moves=STRATEGIES[:4]),
            lesson(*turns),
        ]
    )
    assert (found.running, found.varied) == (Share(1, 7), Share(1, 3))


def test_lengths_are_told_with_their_spread() -> None:
    """Mean, standard deviation, least, most and odd numbers of turns; one dialogue alone has no spread."""
    two, four = lesson(("a", "wrong")), lesson(("a", "wrong"), ("b", "wrong"))
    opened = replace(four, turns=four.turns[1:])
    found = shape([two, four, opened])
    assert (found.turns, found.spread, found.least, found.most, found.odd) == (3, 1, 2, 4, Share(1, 3))
    assert shape([two]).spread is None


def test_three_words_are_few() -> None:
    """Four are not; code and numbers count as words where they stand apart."""
    assert shape([lesson(("five", "wrong"), ("x = 5", "wrong"), ("it is 5 now", "wrong"))]).short == Share(2, 3)


def test_without_dialogues_nothing_is_said() -> None:
    """Every value is a dash, none is a zero."""
    assert [row[1] for row in beside(shape([]))] == ["–", "–", "–", "–", "–", "0 and 0", "–", "–", "–", "–"]
    assert [(one.student_words, one.reading_level, one.teacher_within.value) for one in talk([])] == [(None, None, None)] * len(BANDS)


def test_a_value_stands_beside_those_of_other_data() -> None:
    """The share here comes with its counts; what is not known elsewhere is a dash."""
    rows = {row[0]: row[1:] for row in beside(shape([lesson(("no", "wrong"), ("it is bigger than that", "partial"))]))}
    assert rows["student turns of three words or fewer"] == ("50 % (1 of 2)", "0 % (3 of 730)", "–", "88 %")
    assert rows["turns of a dialogue: standard deviation"] == ("–", "2.4", "5.5", "–")


def test_words_are_held_against_the_codebook() -> None:
    """Eight words are within the target of a third grader, nine are not."""
    eight, nine = " ".join("abcdefgh"), " ".join("abcdefghi")
    young, *_, old = talk([lesson((eight, "wrong"), (nine, "wrong"), grade=3), lesson((nine, "wrong"), grade=13)])
    assert (young.student_words, young.student_within, young.teacher_within) == (8.5, Share(1, 2), Share(0, 2))
    assert (old.student_words, old.student_within) == (9, Share(1, 1))
    assert young.reading_level == pytest.approx(0)


@given(st.integers(1, 13))
def test_every_school_year_has_one_band(grade: int) -> None:
    """The bands of the codebook leave no year out and share none."""
    assert [name for name, one in BANDS.items() if grade in one.grades] == [band(grade)]
