"""Choice: what a tutor's own model knows, told by likelihoods alone. No judge is asked and no wording can win it.

*Matching.* Two moments m, n form a contrast pair; r and s are good replies to them. The pair is matched where

    log p(r | m) + log p(s | n) > log p(r | n) + log p(s | m)

Chance is 50 %. How likely a reply is by itself stands on both sides and cancels out, and so does what quoting the student brings, as
both moments share nearly all of their words.

*Ranking.* An ideal reply of a moment wins against a faulty one where its mean log-probability a token after the moment is higher.
Chance is 50 % here too, but nothing cancels: small models prefer whatever quotes the student, and fall far below chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.tutoring.choosing import IDEAL, Choosable, Likely, pairs


@dataclass(frozen=True)
class Choice:
    """What one model chooses."""

    matching: Mapping[str, Interval]
    """Share of pairs that are matched: by what they differ in, and of all ("")."""
    ranking: Mapping[str, Interval]
    """Share of faulty replies that the ideal ones win against: by kind, and of all ("")."""
    pairs: Mapping[str, int]
    faults: Mapping[str, int]
    matched: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Pair → 1 where it is matched, 0 where it is not: what two models are compared by."""
    won: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Moment → for each faulty reply, the share of ideal ones that win against it."""


def choice(moments: Sequence[Choosable], rows: Sequence[Likely]) -> Choice:
    """Return what a model with these likelihoods chooses."""
    by_key = {(row.moment, row.of, row.number): row for row in rows}
    matched: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for first, second in pairs(moments):
        value = _matched(first, second, by_key)
        if value is not None:
            for about in ("", first.about):
                matched[about][first.group].append(value)
    ranked: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for moment in moments:
        if moment.pair:
            continue
        means = [
            (kind, by_key[key].mean)
            for number, (kind, _) in enumerate(moment.replies)
            if (key := (moment.item, moment.item, number)) in by_key
        ]
        ideals = [mean for kind, mean in means if kind == IDEAL]
        for kind, mean in means:
            if ideals and kind not in (IDEAL, "acceptable"):
                won = sum(_won(ideal, mean) for ideal in ideals) / len(ideals)
                for name in ("", kind):
                    ranked[name][moment.group].append(won)
    return Choice(_shares(matched), _shares(ranked), _counts(matched), _counts(ranked), matched.get("", {}), ranked.get("", {}))


def _matched(first: Choosable, second: Choosable, by_key: Mapping[tuple[str, str, int], Likely]) -> float | None:
    """Return the share of the combinations of their good replies that are matched; None where nothing was asked."""

    def gains(own: Choosable, other: Choosable) -> list[float]:
        numbers = [number for number, (kind, _) in enumerate(own.replies) if kind == IDEAL]
        asked = [(by_key.get((own.item, own.item, number)), by_key.get((other.item, own.item, number))) for number in numbers]
        return [at.logprob - away.logprob for at, away in asked if at and away]

    sums = [one + two for one in gains(first, second) for two in gains(second, first)]
    return sum(_won(total, 0.0) for total in sums) / len(sums) if sums else None


def _won(one: float, other: float) -> float:
    return 0.5 if one == other else float(one > other)


def _shares(values: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Interval]:
    return {name: mean_interval(values[name]) for name in sorted(values)}


def _counts(values: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, int]:
    return {name: sum(map(len, values[name].values())) for name in sorted(values)}
