"""Turn by turn: what did the optimised prompt change on the validation turns?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.scoring.statistics import mean_interval

SAME = 0.02
"""Scores that differ by less count as the same."""


@dataclass(frozen=True)
class Comparison:
    """How many turns got better, and the mean difference with its 95 % interval."""

    better: int
    same: int
    worse: int
    difference: float
    low: float | None
    """None, as `high`, where all turns are from one dialogue."""
    high: float | None


def compare(before: Sequence[float], after: Sequence[float], dialogues: Sequence[str]) -> Comparison:
    """Compare two scores of the same turns.

    The interval says how sure the difference on these turns is. The better prompt was chosen on them, so only the test set
    shows what is gained.

    Args:
        before: The score of each turn with the first prompt.
        after: The score of each turn with the other one.
        dialogues: The dialogue that each turn is from.

    """
    gains = [second - first for first, second in zip(before, after, strict=True)]
    by_dialogue: dict[str, list[float]] = {}
    for dialogue, gain in zip(dialogues, gains, strict=True):
        by_dialogue.setdefault(dialogue, []).append(gain)
    change = mean_interval(by_dialogue)
    return Comparison(
        better=sum(gain >= SAME for gain in gains),
        same=sum(abs(gain) < SAME for gain in gains),
        worse=sum(gain <= -SAME for gain in gains),
        difference=change.value,
        low=change.low,
        high=change.high,
    )
