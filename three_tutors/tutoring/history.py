"""What of a conversation a tutor is asked with when its model's window is too small for all of it.

The frame of the lesson and the newest student turn are always there, word for word. Between them whole exchanges are
left out, oldest first; half an exchange would put words beside a question they do not answer. Nothing is summarised,
and how much was left out is part of the result, so that it can be shown.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Turn

Past = Sequence[tuple[Turn, Turn]]
"""Exchanges so far, oldest first: what the student said and what was replied."""


@dataclass(frozen=True)
class Fitted:
    """The turns that fit, and what had to go."""

    turns: tuple[Turn, ...]
    """Kept exchanges in their order, then the newest student turn."""
    left_out: int
    """How many exchanges, counted from the oldest, are not among them."""
    tokens: int
    """Prompt tokens of what is left."""


def fit(past: Past, newest: Turn, window: int, count: Callable[[Sequence[Turn]], int]) -> Fitted:
    """Return the longest end of the conversation whose prompt has at most `window` tokens.

    `window` is what the model takes less what its reply may need. `count` returns the prompt tokens of some turns, the
    frame included; more turns never have fewer.

    Raises:
        TutorError: not even the frame and the newest turn fit.

    """

    def turns_from(first: int) -> tuple[Turn, ...]:
        return (*(turn for exchange in past[first:] for turn in exchange), newest)

    @cache
    def tokens_from(first: int) -> int:
        return count(turns_from(first))

    fewest = bisect.bisect_left(range(len(past) + 1), x=True, key=lambda first: tokens_from(first) <= window)
    if fewest > len(past):
        needed = tokens_from(len(past))
        raise TutorError(f"This turn takes {needed} tokens with the frame of the lesson, and the window has {window}; write a shorter one.")
    return Fitted(turns_from(fewest), fewest, tokens_from(fewest))
