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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from three_tutors.pipeline.records import Record
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.questions import drawn

IDEAL = "ideal"
PAIRS_OF_A_KIND = 10
MOMENTS_OF_A_SUBJECT = 2


@dataclass(frozen=True)
class Choosable:
    """One moment with replies to choose from."""

    item: str
    group: str
    """Moments of one group are not independent of each other."""
    lesson: Lesson
    turns: tuple[Turn, ...]
    replies: tuple[tuple[str, str], ...]
    """Kind and words of each."""
    pair: str = ""
    """The contrast pair that the moment is one side of; empty where it is of none."""
    about: str = ""
    """What the pair differs in."""


@dataclass(frozen=True)
class Likely:
    """How likely one reply is after one moment."""

    moment: str
    """The moment that was the prompt."""
    of: str
    """The moment that the reply was written to: another one only within a pair."""
    number: int
    """Which of that moment's replies, from 0."""
    logprob: float
    """In nats, over all of its tokens."""
    tokens: int
    """The end of the turn included."""

    @property
    def mean(self) -> float:
        """Log-probability of a token, in nats."""
        return self.logprob / self.tokens

    def to_record(self) -> Record:
        """Return a JSON object, rounded so that computing it again gives the same bytes."""
        return {"moment": self.moment, "of": self.of, "number": self.number, "logprob": round(self.logprob, 3), "tokens": self.tokens}

    @classmethod
    def from_record(cls, written: Record) -> Likely:
        """Read what `to_record` wrote.

        Raises:
            TypeError: it is something else.

        """
        return cls(**written)


Likelihoods = Callable[[Sequence[tuple[Lesson, Sequence[Turn], str]]], Sequence[tuple[float, int]]]
"""Returns log-probability and tokens of each reply after its conversation, as one tutor's model has it."""


@dataclass(frozen=True)
class Choice:
    """What one model chooses."""

    matching: Mapping[str, Interval]
    """Share of pairs that are matched: by what they differ in, and of all ("")."""
    ranking: Mapping[str, Interval]
    """Share of faulty replies that the ideal ones win against: by kind, and of all ("")."""
    pairs: Mapping[str, int]
    faults: Mapping[str, int]


def exam(moments: Sequence[Moment]) -> list[Choosable]:
    """Return what a tutor's model is asked to choose: a fixed draw of pairs, with one good reply a side, and of graded moments."""
    chosen = choosables(drawn(moments, PAIRS_OF_A_KIND, 0, MOMENTS_OF_A_SUBJECT))
    return [replace(one, replies=_first_ideal(one.replies)) if one.pair else one for one in chosen]


def _first_ideal(replies: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in replies if one[0] == IDEAL)[:1]


def choosables(moments: Sequence[Moment]) -> list[Choosable]:
    """Return every side of `moments`."""
    return [
        Choosable(
            item,
            moment.id,
            moment.lesson,
            side.turns,
            tuple((one.kind, one.reply) for one in side.replies),
            moment.id if moment.pair else "",
            moment.pair,
        )
        for moment in moments
        for item, side in moment.items()
    ]


def likely(moments: Sequence[Choosable], likelihoods: Likelihoods) -> list[Likely]:
    """Return how likely each reply is after its own moment; in a pair, the good replies also after the other one."""
    sides = _pairs(moments)
    other = {one.item: two for first, second in sides for one, two in ((first, second), (second, first))}
    wanted: list[tuple[Choosable, Choosable, int]] = []
    for moment in moments:
        if moment.item in other:
            both = (moment, other[moment.item])
            wanted += [(moment, one, number) for one in both for number, (kind, _) in enumerate(one.replies) if kind == IDEAL]
        elif not moment.pair:
            wanted += [(moment, moment, number) for number in range(len(moment.replies))]
    found = likelihoods([(moment.lesson, moment.turns, one.replies[number][1]) for moment, one, number in wanted])
    return [Likely(moment.item, one.item, number, *got) for (moment, one, number), got in zip(wanted, found, strict=True)]


def choice(moments: Sequence[Choosable], rows: Sequence[Likely]) -> Choice:
    """Return what a model with these likelihoods chooses."""
    by_key = {(row.moment, row.of, row.number): row for row in rows}
    matched: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for first, second in _pairs(moments):
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
    return Choice(_shares(matched), _shares(ranked), _counts(matched), _counts(ranked))


def _pairs(moments: Sequence[Choosable]) -> list[tuple[Choosable, Choosable]]:
    sides: dict[str, list[Choosable]] = defaultdict(list)
    for moment in moments:
        if moment.pair:
            sides[moment.pair].append(moment)
    return [(two[0], two[1]) for two in sides.values() if len(two) == 2]  # noqa: PLR2004 - a pair


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
