"""Metrics of agreement between what a scorer says and what people said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence


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
    from scipy.stats import spearmanr  # noqa: PLC0415 - a second of loading that the reports need not pay

    return float(spearmanr(one, other).statistic) if len(set(one)) > 1 and len(set(other)) > 1 else math.nan
