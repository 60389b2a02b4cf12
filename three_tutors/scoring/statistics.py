"""Statistics of comparisons in which dialogues are the unit: turns of one dialogue are not independent of each other.

Values come as `Mapping[group, Sequence[float]]`, the group being the dialogue, scenario or conversation. Seeds are fixed, so the
same values give the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

Grouped = Mapping[str, Sequence[float]]
"""Values by the dialogue they belong to."""

DRAWS = 2000
_SEED = 1
_TAIL = 0.025
_POWER_Z = 1.96 + 0.84
"""Two-sided 5 % and a power of 80 %."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """A paired difference with its 95 % interval."""

    value: float
    low: float
    high: float
    p: float
    """Of a two-sided sign-flip test over dialogues."""
    detectable: float
    """Smallest difference that this many dialogues would show four times in five."""


def mean_interval(values: Grouped) -> Interval:
    """Return the mean over all values with a percentile interval of a bootstrap that draws whole groups.

    Raises:
        ValueError: there is no value.

    """
    sums, counts = _sums(values)
    draws = _resampled(sums, counts)
    low, high = _percentiles(draws)
    return Interval(float(sums.sum() / counts.sum()), low, high)


def paired_difference(values: Grouped) -> Difference:
    """Return the mean of paired differences (tutor minus baseline on the same items), grouped by dialogue.

    Raises:
        ValueError: there is no difference.

    """
    sums, counts = _sums(values)
    draws = _resampled(sums, counts)
    low, high = _percentiles(draws)
    spread = float(draws.std())
    return Difference(float(sums.sum() / counts.sum()), low, high, sign_flip_p(values), _POWER_Z * spread)


def sign_flip_p(values: Grouped) -> float:
    """Return the two-sided p of no difference: how often flipping the signs of whole dialogues gives a sum as far from zero."""
    import numpy as np  # noqa: PLC0415 - keeps the words of our field light

    sums, _ = _sums(values)
    flips = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(DRAWS, len(sums)))
    reached = np.abs(flips @ sums) >= abs(sums.sum()) - 1e-12
    return float((reached.sum() + 1) / (DRAWS + 1))


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


def bootstrap(groups: Sequence[Sequence[int]], statistic: Callable[[Sequence[int]], float | None], draws: int = 500) -> tuple[float, float]:
    """Return the 95 % interval of any `statistic` of row numbers, drawing whole groups of rows; draws without a value are left out."""
    import numpy as np  # noqa: PLC0415 - see `sign_flip_p`

    generator = np.random.default_rng(_SEED)
    values = []
    for _ in range(draws):
        rows = [row for index in generator.integers(0, len(groups), len(groups)) for row in groups[index]]
        value = statistic(rows)
        if value is not None and not math.isnan(value):
            values.append(value)
    if not values:
        return math.nan, math.nan
    return _percentiles(np.array(values))


def _sums(values: Grouped) -> tuple[Array, Array]:
    import numpy as np  # noqa: PLC0415 - see `sign_flip_p`

    groups = [group for group in values.values() if len(group)]
    if not groups:
        raise ValueError("There is no value to take a mean of.")
    return np.array([math.fsum(group) for group in groups]), np.array([float(len(group)) for group in groups])


def _resampled(sums: Array, counts: Array) -> Array:
    import numpy as np  # noqa: PLC0415 - see `sign_flip_p`

    chosen = np.random.default_rng(_SEED).integers(0, len(sums), size=(DRAWS, len(sums)))
    means: Array = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    return means


def _percentiles(draws: Array) -> tuple[float, float]:
    import numpy as np  # noqa: PLC0415 - see `sign_flip_p`

    low, high = np.quantile(draws, [_TAIL, 1 - _TAIL])
    return float(low), float(high)
