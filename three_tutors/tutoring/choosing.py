"""What a tutor's model is asked to choose from: contrast pairs and graded moments, and how likely it finds each reply.

What it chooses is counted in `scoring.choice`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.questions import drawn

IDEAL = "ideal"
PAIRS_OF_A_KIND = 8
"""Contrast pairs of each kind that a model is asked to match."""
MOMENTS_OF_A_SUBJECT = 1
"""Graded moments of each subject whose replies a model is asked to rank."""


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
    sides = pairs(moments)
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


def pairs(moments: Sequence[Choosable]) -> list[tuple[Choosable, Choosable]]:
    """Return both sides of each contrast pair of which both are there."""
    sides: dict[str, list[Choosable]] = defaultdict(list)
    for moment in moments:
        if moment.pair:
            sides[moment.pair].append(moment)
    return [(two[0], two[1]) for two in sides.values() if len(two) == 2]  # noqa: PLR2004 - a pair
