"""Which assumption matters most: vary each one alone and see how far the comparison moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from three_tutors.pricing.break_even import BreakEven, break_even
from three_tutors.pricing.costs import Case, bills

# Each value is divided and multiplied by its factor. Nobody knows them more exactly before the first month is over;
# optimisers choose between one and sixteen demonstrations.
FACTORS = {
    "conversations_per_month": 2,
    "demonstrations": 4,
    "optimiser_calls": 2,
    "runs": 2,
    "horizon_months": 2,
    "tokens_per_second": 2,
    "price_per_hour": 2,
    "hours_per_month": 2,
    "peak": 2,
}
LIMITS = {"runs": 1, "peak": 1, "hours_per_month": 744}


@dataclass(frozen=True)
class Swing:
    """The monthly difference (challenger minus incumbent, micro-USD) at two values of one assumption."""

    assumption: str
    low: str
    """The lower value, as text."""
    high: str
    at_low: float
    at_high: float
    even_at_low: BreakEven
    even_at_high: BreakEven

    @property
    def size(self) -> float:
        """How far the difference moves."""
        return abs(self.at_high - self.at_low)


def difference(case: Case, challenger: str, incumbent: str) -> float:
    """Return how much more `challenger` costs per month than `incumbent`, in micro-USD; negative if it costs less."""
    made = bills(case)
    conversations = case.assumed.conversations_per_month
    return made[challenger].monthly(conversations) - made[incumbent].monthly(conversations)


def tornado(case: Case, challenger: str, incumbent: str) -> list[Swing]:
    """Return every assumption that moves the difference, the strongest first."""
    swings = [_swing(name, low, high, ends, (challenger, incumbent)) for name, low, high, *ends in _variations(case)]
    return sorted((swing for swing in swings if swing.size >= 1), key=lambda swing: (-swing.size, swing.assumption))


def _swing(name: str, low: str, high: str, ends: list[Case], pair: tuple[str, str]) -> Swing:
    at_low, at_high = (difference(case, *pair) for case in ends)
    evens = [break_even(made[pair[0]], made[pair[1]]) for made in map(bills, ends)]
    return Swing(name, low, high, at_low, at_high, *evens)


def _variations(case: Case) -> Iterator[tuple[str, str, str, Case, Case]]:
    assumed = case.assumed
    for name, factor in FACTORS.items():
        value = getattr(assumed, name)
        low, high = (_limited(name, type(value)(value * times)) for times in (1 / factor, factor))
        yield name, f"{low:g}", f"{high:g}", _with(case, name, low), _with(case, name, high)
    yield "cache_hit_rate", "0", "1", _with(case, "cache_hit_rate", 0.0), _with(case, "cache_hit_rate", 1.0)
    epochs = max(1, case.epochs // 2), min(50, case.epochs * 2)
    yield "epochs", f"{epochs[0]}", f"{epochs[1]}", _with(case, "epochs", epochs[0]), _with(case, "epochs", epochs[1])
    short, long = (replace(case, talks=tuple(talk.stretched(factor) for talk in case.talks)) for factor in (0.5, 2))
    yield "length of a conversation", "half", "double", short, long
    if case.model.dates:
        yield "shutdown date", "as announced", "none", case, replace(case, model=replace(case.model, dates=None))


def _with(case: Case, name: str, value: float) -> Case:
    changed: dict[str, Any] = {name: value}
    return replace(case, assumed=replace(case.assumed, **changed))


def _limited(name: str, value: float) -> float:
    if name not in LIMITS:
        return value
    return min(value, LIMITS[name]) if name == "hours_per_month" else max(value, LIMITS[name])
