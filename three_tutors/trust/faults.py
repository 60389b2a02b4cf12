"""Faults: how often does each score put an ideal reply before one with a fault, by kind?

The main figure is the AUC within moments: how often an ideal reply scores better than a faulty one to the same student turn, ties counting
half. The AUC over all moments stands beside it; there, what makes a moment easy or hard to score well at counts too. Intervals draw whole
groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.metrics import auc
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.trust.graded import Graded, merits, won
from three_tutors.tutoring.moment import KINDS

IDEAL = "ideal"
WEAK = 0.65
"""AUC within moments below which a score hardly sees a kind of fault; .5 is chance."""


@dataclass(frozen=True)
class Sees:
    """How well one score tells ideal replies from those of one kind; .5 is chance."""

    within: Interval | None
    """AUC over the pairs of replies to the same student turn; None where no such pair is scored."""
    pairs: int
    anywhere: float
    """AUC over all pairs, whichever moments they reply to."""
    replies: int
    """Replies of the kind that have the score."""

    @property
    def weak(self) -> bool:
        """Whether the score hardly sees this kind of fault."""
        return self.within is not None and self.within.value < WEAK


@dataclass(frozen=True)
class Grading:
    """What graded replies say about the scores."""

    rows: int
    groups: int
    kinds: Mapping[str, int]
    """Kind → replies."""
    sees: Mapping[str, Mapping[str, Sees]]
    """Score → kind → how well it tells it from ideal replies."""

    @property
    def seen(self) -> list[str]:
        """The kinds that some score tells from ideal replies, in the order of `kinds`; a kind without pairs is none of them."""
        return [kind for kind in self._paired if any(one[kind].within and not one[kind].weak for one in self.sees.values() if kind in one)]

    @property
    def unseen(self) -> list[str]:
        """The kinds that no score tells from ideal replies."""
        return [kind for kind in self._paired if kind not in self.seen]

    def pairs(self, kind: str) -> int:
        """Return how many pairs of an ideal reply and one of `kind` a score compares, the one that compares most."""
        return max((one[kind].pairs for one in self.sees.values() if kind in one), default=0)

    @property
    def _paired(self) -> list[str]:
        return [kind for kind in self.kinds if self.pairs(kind)]


def grading(rows: Sequence[Graded], measures: Mapping[str, Measure] = MEASURES) -> Grading:
    """Return how well each score that judges a reply by itself tells the kinds of `rows` from ideal replies.

    Left out: scores that `merits` leaves out, and such that no row has.
    """
    kinds = _kinds(rows)
    sees = {}
    for name, values in merits(rows, measures):
        if seen := {kind: one for kind in kinds if kind != IDEAL and (one := _sees(rows, values, kind))}:
            sees[name] = seen
    return Grading(len(rows), len({row.group for row in rows}), kinds, sees)


def _kinds(rows: Sequence[Graded]) -> dict[str, int]:
    """Return how many replies of each kind there are, those with a name of ours first."""
    found = {row.kind for row in rows if row.kind}
    order = [*(kind for kind in KINDS if kind in found), *sorted(found - {*KINDS})]
    return {kind: sum(row.kind == kind for row in rows) for kind in order}


def _sees(rows: Sequence[Graded], values: Sequence[float | None], kind: str) -> Sees | None:
    merit = {id(row): value for row, value in zip(rows, values, strict=True) if value is not None}
    ideal, faulty = ([merit[id(row)] for row in rows if row.kind == one and id(row) in merit] for one in (IDEAL, kind))
    if not ideal or not faulty:
        return None
    compared = won(rows, merit, (IDEAL,), kind)
    pairs = sum(map(len, compared.values()))
    return Sees(mean_interval(compared) if pairs else None, pairs, auc(ideal, faulty), len(faulty))
