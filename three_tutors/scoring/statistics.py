"""Statistics of comparisons in which dialogues are the unit: turns of one dialogue are not independent of each other.

Intervals are percentiles of a bootstrap that draws whole groups (dialogues, scenarios or conversations). One group alone says nothing
about how groups vary, so it has no interval. Seeds are fixed: the same values give the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Grouped = Mapping[str, Sequence[float]]
"""Values by the dialogue they belong to."""

DRAWS = 2000
EXACT = 15
"""Most groups for which every pattern of signs is tried: 2^15 of them."""
_SEED = 1
_TAIL = 0.025
_POWER_Z = 1.96 + 0.84
"""Two-sided 5 % and a power of 80 %."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float | None
    """None, as `high`, where the interval is not computable: a single group cannot say how groups vary."""
    high: float | None


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference with its 95 % interval."""

    p: float
    """Of a two-sided sign-flip test over dialogues."""
    detectable: float | None
    """Smallest difference that this many dialogues would show four times in five; None where there is no interval."""


def mean_interval(values: Grouped) -> Interval:
    """Return the mean over all values with its interval.

    Raises:
        ValueError: there is no value.

    """
    sums, counts = _sums(values)
    return Interval(float(sums.sum() / counts.sum()), *_ends(_means(sums, counts)))


def paired_difference(values: Grouped) -> Difference:
    """Return the mean of paired differences (tutor minus baseline on the same items), grouped by dialogue.

    Raises:
        ValueError: there is no difference.

    """
    sums, counts = _sums(values)
    means = _means(sums, counts)
    detectable = _POWER_Z * float(means.std()) if len(means) else None
    return Difference(float(sums.sum() / counts.sum()), *_ends(means), sign_flip_p(values), detectable)


def bootstrap(
    groups: Sequence[Sequence[int]], statistic: Callable[[Sequence[int]], float | None], draws: int = 500
) -> tuple[float | None, float | None]:
    """Return the interval of any `statistic` of row numbers, whose rows come in `groups`; draws without a value are left out."""
    import numpy as np  # noqa: PLC0415 - keeps the words of our field light

    drawn = ([row for index in chosen for row in groups[index]] for chosen in _drawn(len(groups), draws))
    values = [value for rows in drawn if (value := statistic(rows)) is not None and not math.isnan(value)]
    return _ends(np.array(values))


def sign_flip_p(values: Grouped) -> float:
    """Return the two-sided p of no difference: how often flipping the signs of whole groups gives a sum as far from zero.

    Where at most EXACT groups differ at all, every pattern of signs is tried and p is exact; else patterns are drawn.
    """
    import numpy as np  # noqa: PLC0415 - see `bootstrap`

    sums, _ = _sums(values)
    differing = sums[sums != 0]
    if len(differing) <= EXACT:
        patterns = (np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing))) & 1
        return float(np.mean(np.abs((2.0 * patterns - 1) @ differing) >= abs(differing.sum()) - 1e-12))
    flips = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(DRAWS, len(differing)))
    reached = np.abs(flips @ differing) >= abs(differing.sum()) - 1e-12
    return float((reached.sum() + 1) / (DRAWS + 1))


def by_dialogue(values: Mapping[str, float]) -> dict[str, list[float]]:
    """Return the values of items grouped by the dialogue or scenario that the items are of."""
    groups: dict[str, list[float]] = {}
    for item, value in values.items():
        groups.setdefault(item.partition("#")[0], []).append(value)
    return groups


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the p values adjusted by Holm (1979), so that the chance of any false claim among them stays under the level."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda key: (p_values[key], key))):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def wilson(successes: int, trials: int, z: float = 1.96) -> Interval:
    """Return a rate with its Wilson (1927) interval; without a success in n trials the upper bound is the rule of three, 3/n.

    Raises:
        ValueError: there is no trial.

    """
    if trials < 1:
        raise ValueError("A rate needs at least one trial.")
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    high = min(1.0, 3 / trials) if successes == 0 else min(1.0, centre + half)
    return Interval(rate, max(0.0, centre - half) if successes else 0.0, high)


def _sums(values: Grouped) -> tuple[Array, Array]:
    import numpy as np  # noqa: PLC0415 - see `bootstrap`

    groups = [group for group in values.values() if len(group)]
    if not groups:
        raise ValueError("There is no value to take a mean of.")
    return np.array([math.fsum(group) for group in groups]), np.array([float(len(group)) for group in groups])


def _means(sums: Array, counts: Array) -> Array:
    chosen = _drawn(len(sums), DRAWS)
    means: Array = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    return means


def _drawn(groups: int, draws: int) -> Array:
    """Return the groups of each draw, as many as there are and with replacement; no draw where one group is all there is."""
    import numpy as np  # noqa: PLC0415 - see `bootstrap`

    return np.random.default_rng(_SEED).integers(0, max(groups, 1), size=(draws if groups > 1 else 0, groups))


def _ends(values: Array) -> tuple[float | None, float | None]:
    import numpy as np  # noqa: PLC0415 - see `bootstrap`

    if not len(values):
        return None, None
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return float(low), float(high)
