"""A tutor's moves are counted, compared with the teachers', and drawn."""

from __future__ import annotations

import pytest

from three_tutors.reporting.strategies import confusion_figure, repertoire

PAIRS = (
    [("scaffolding", "scaffolding")] * 6
    + [("encouragement", "scaffolding")] * 3
    + [("encouragement", "encouragement"), ("", "scaffolding")]
)


def test_a_repertoire_counts_what_was_told_apart() -> None:
    """A turn without an intended strategy is no error of the tutor."""
    moves = repertoire(PAIRS)
    assert moves is not None
    assert (moves.counts.total(), moves.commonest, moves.used) == (10, "scaffolding", ["scaffolding", "encouragement"])
    assert moves.share_of_commonest == 0.9


def test_f1_is_the_harmonic_mean_of_hits() -> None:
    """scaffolding: 6 hits, 6 intended, 9 realised; encouragement: 1 hit, 4 intended, 1 realised."""
    moves = repertoire(PAIRS)
    assert moves is not None
    assert moves.f1 == pytest.approx({"scaffolding": 12 / 15, "encouragement": 2 / 5})
    assert moves.macro_f1 == pytest.approx(0.6)


def test_the_picture_says_how_often_the_teacher_s_move_is_made() -> None:
    """The words name the share of turns and the commonest move."""
    moves = repertoire(PAIRS)
    assert moves is not None
    assert confusion_figure("lora", moves).alt.startswith("lora makes the teacher's move in 7 of 10 turns (70 %).")


def test_without_labels_there_is_no_repertoire() -> None:
    """Nothing told apart is nothing to show."""
    assert repertoire([("", ""), ("scaffolding", "")]) is None
