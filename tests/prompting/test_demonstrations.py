from __future__ import annotations

from three_tutors.pipeline.records import Record
from three_tutors.prompting.demonstrations import choose
from three_tutors.prompting.examples import example


def test_the_lesson_at_hand_is_never_shown(rows: list[Record]) -> None:
    """A demonstration out of the same lesson would hand over what the teacher said next."""
    demos = [example(row) for row in rows]
    inputs = dict(demos[0].inputs())
    for matching in ("fixed", "matched"):
        assert demos[0].frame not in {demo.frame for demo in choose(demos, matching, 99, inputs)}  # type: ignore[arg-type]


def test_fixed_demonstrations_are_the_first_ones_in_their_order(rows: list[Record]) -> None:
    """The same for every conversation."""
    demos = [example(row) for row in rows]
    chosen = choose(demos, "fixed", 3, dict(demos[-1].inputs()))
    assert [demo.id for demo in chosen] == [row["id"] for row in rows[:3]]


def test_the_nearest_demonstration_stands_last(rows: list[Record]) -> None:
    """Same phase of the conversation and same rare words come next to the student's turn, one from each lesson."""
    demos = [example(row) for row in rows if row["dialogue"] != "fractions-halves"]
    inputs = dict(example(rows[0]).inputs()) | {"said": "Why do tenths come out that way?"}
    chosen = choose(demos, "matched", 4, inputs)
    assert chosen[-1].id == "fractions-tenths#1"
    assert len({demo.frame for demo in chosen}) == 4


def test_subject_counts_more_than_grade(rows: list[Record]) -> None:
    """A demonstration in another subject is shown only when there is none in this one."""
    other = example({**rows[2], "subject": "history", "grade": 4, "frame": "another frame"})
    chosen = choose([other, *(example(row) for row in rows[4:6])], "matched", 1, dict(example(rows[0]).inputs()))
    assert chosen[0].subject == "mathematics"
