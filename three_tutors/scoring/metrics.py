"""Metrics of agreement between what a scorer says and what people said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def f1(expected: Sequence[Hashable], actual: Sequence[Hashable], label: Hashable) -> float:
    """Return the F1 of one label, 0 where nobody said it rightly; `nan` where neither side says it."""
    pairs = Counter(zip(expected, actual, strict=True))
    said = sum(count for (_, one), count in pairs.items() if one == label)
    true = sum(count for (one, _), count in pairs.items() if one == label)
    return 2 * pairs[(label, label)] / (said + true) if said + true else math.nan


def macro_f1(expected: Sequence[Hashable], actual: Sequence[Hashable]) -> float:
    """Return the mean F1 over the labels that people gave or the scorer said, each label counting the same."""
    labels = sorted(set(expected) | set(actual), key=str)
    return sum(f1(expected, actual, label) for label in labels) / len(labels) if labels else math.nan


def kappa(expected: Sequence[Hashable], actual: Sequence[Hashable]) -> float:
    """Return Cohen's kappa; `nan` where both sides say one and the same label only."""
    total = len(expected)
    if not total:
        return math.nan
    agreed = sum(one == other for one, other in zip(expected, actual, strict=True)) / total
    first, second = Counter(expected), Counter(actual)
    chance = sum(first[label] * second[label] for label in first) / total**2
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Spearman's rho with mid-ranks for ties; `nan` where one side does not vary."""
    import numpy as np  # noqa: PLC0415 - keeps the words of our field light

    first, second = (mid_ranks(side) - (len(side) + 1) / 2 for side in (one, other))
    spread = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / spread if spread else math.nan


def auc(better: Sequence[float], worse: Sequence[float]) -> float:
    """Return how often one of `better` is above one of `worse`, ties counting half; `nan` where a side is empty."""
    if not better or not worse:
        return math.nan
    ranks = mid_ranks([*better, *worse]) - (len(better) + len(worse) + 1) / 2
    return 0.5 + math.fsum(ranks[: len(better)]) / (len(better) * len(worse))


def mid_ranks(values: Sequence[float]) -> Array:
    """Return the rank of each value, from 1; equal values share the middle of theirs."""
    import numpy as np  # noqa: PLC0415 - see `spearman`

    _, place, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks
