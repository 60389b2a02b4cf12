"""What a tutor is asked with when the window is small."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.history import fit

FRAME = 7
words = st.lists(st.sampled_from(["a half", "one", "is it 5/6?", "\n", "no"]), min_size=1, max_size=8).map(" ".join)
exchanges = st.lists(st.tuples(words, words), max_size=12).map(
    lambda pairs: [(Turn("student", said), Turn("teacher", reply)) for said, reply in pairs]
)


def count(turns: Sequence[Turn]) -> int:
    """Count characters, and the frame."""
    return FRAME + sum(len(turn.text) + 1 for turn in turns)


@given(exchanges, words, st.integers(110, 400))
def test_what_is_kept_fits_and_is_the_longest_end(past: list[tuple[Turn, Turn]], said: str, window: int) -> None:
    """The newest turn is there verbatim, whole exchanges before it, as many as fit; the past itself stays as it was."""
    before = list(past)
    newest = Turn("student", said)
    fitted = fit(past, newest, window, count)
    kept = past[fitted.left_out :]
    assert (*(turn for exchange in kept for turn in exchange), newest) == fitted.turns
    assert count(fitted.turns) == fitted.tokens
    assert fitted.tokens <= window
    if fitted.left_out:
        one_more = [turn for exchange in past[fitted.left_out - 1 :] for turn in exchange]
        assert count([*one_more, newest]) > window
    assert before == past


@given(exchanges, words, st.integers(110, 400))
def test_a_wider_window_never_leaves_out_more(past: list[tuple[Turn, Turn]], said: str, window: int) -> None:
    """Room given is room used."""
    newest = Turn("student", said)
    assert fit(past, newest, window + 30, count).left_out <= fit(past, newest, window, count).left_out


def test_a_turn_longer_than_the_window_is_refused() -> None:
    """The newest turn is never cut: a sentence says how much too long it is."""
    with pytest.raises(TutorError, match="takes 108 tokens with the frame of the lesson, and the window has 50"):
        fit([], Turn("student", "x" * 100), 50, count)
