"""Turn by turn: what did the optimised prompt change on the validation turns?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

SAME = 0.02
"""Scores that differ by less count as the same."""
RESAMPLES = 2000
SEED = 1


@dataclass(frozen=True)
class Comparison:
    """How many turns got better, and the mean difference with its 95 % interval."""

    better: int
    same: int
    worse: int
    difference: float
    low: float
    high: float


def compare(before: Sequence[float], after: Sequence[float], dialogues: Sequence[str]) -> Comparison:
    """Compare two scores of the same turns.

    The interval is a percentile bootstrap over whole dialogues, whose turns are not independent. It says how sure the
    difference on these turns is; the better one was chosen on them, so the test set alone shows what is gained.

    Args:
        before: The score of each turn with the first prompt.
        after: The same with the other one.
        dialogues: The dialogue that each turn is out of.

    """
    gains = [second - first for first, second in zip(before, after, strict=True)]
    by_dialogue: dict[str, list[float]] = {}
    for dialogue, gain in zip(dialogues, gains, strict=True):
        by_dialogue.setdefault(dialogue, []).append(gain)
    draw, clusters = random.Random(SEED), list(by_dialogue.values())
    means = sorted(_mean([gain for own in draw.choices(clusters, k=len(clusters)) for gain in own]) for _ in range(RESAMPLES))
    return Comparison(
        better=sum(gain >= SAME for gain in gains),
        same=sum(abs(gain) < SAME for gain in gains),
        worse=sum(gain <= -SAME for gain in gains),
        difference=_mean(gains),
        low=means[round(0.025 * RESAMPLES)],
        high=means[round(0.975 * RESAMPLES) - 1],
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
