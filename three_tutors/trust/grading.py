"""Grading: does each score put ideal replies before faulty ones, and does it rise with what people rated?

    python -m three_tutors.trust.grading [FILE.jsonl] [--model DIR] [--json]

FILE holds graded or rated replies (see `graded`); without it, the graded replies of the project's own test half are taken. Where the
base model is on disk, what its states say of sense (see `sense`) stands beside the scores that need no model. The main figure is the
AUC within moments: how often an ideal reply scores better than a faulty one to the same student turn, ties counting half. The AUC over
all moments stands beside it; there, what makes a moment easy or hard to score well at counts too. Intervals draw whole groups.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.grading")

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.metrics import auc
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.trust import sense
from three_tutors.trust.following import Follows, following
from three_tutors.trust.graded import Graded, merits, of_moments, read_graded, won
from three_tutors.tutoring.moment import KINDS, read_moments

EXAM = Path("data/processed/moments/test.jsonl")
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


def table(found: Grading, followed: Mapping[str, Mapping[str, Follows]], measures: Mapping[str, Measure] = MEASURES) -> str:
    """Return the figures as text for a person."""
    lines = [
        f"{found.rows} replies in {found.groups} groups, which the 95 % intervals draw. AUC of ideal replies against each kind within",
        f"moments (chance 0.50, weak below {WEAK:.2f}), over all moments, and Spearman's ρ with what people said; better is always higher.",
    ]
    for name in dict.fromkeys([*found.sees, *followed]):
        lines += ["", measures[name].label if name in measures else name]
        for kind, sees in found.sees.get(name, {}).items():
            told = f"{_shown(sees.within)} of {sees.pairs} pairs{', weak' if sees.weak else ''}" if sees.within else "no pair in a moment"
            lines.append(f"  {kind:<22}{told}; over all moments {sees.anywhere:.2f} of {sees.replies} replies")
        for asked, follows in followed.get(name, {}).items():
            told = "; ".join(
                f"{what}{_shown(rho)}"
                for what, rho in (("", follows.everyone), ("without the teachers ", follows.tutors), ("within writers ", follows.within))
                if rho
            )
            each = ", ".join(f"{writer} {'–' if rho is None else f'{rho:.2f}'}" for writer, rho in follows.writers.items())
            lines.append(f"  {'ρ with ' + asked:<22}{told or 'does not vary'} of {follows.rows} replies{f' ({each})' if each else ''}")
    if not found.sees and not followed:
        lines += ["", "No row has a kind beside ideal ones, a grade or a label that a score could be held against."]
    return "\n".join(lines)


def _shown(interval: Interval) -> str:
    ends = "" if interval.low is None or interval.high is None else f" [{interval.low:.2f}, {interval.high:.2f}]"
    return f"{interval.value:.2f}{ends}"


def read_exam(path: Path = EXAM) -> list[Graded]:
    """Return the graded replies of the project's own moments in `path`.

    Raises:
        DataError: they are not there, or there are none.

    """
    rows = of_moments(read_moments(path))
    if not rows:
        raise DataError(f"{path}: holds no graded reply; write moments in data/raw/moments, or name a file of graded replies.")
    return rows


def main() -> None:
    """Grade the scores by the replies of a file, or by those of the project's own exam, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.grading", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help=f"graded or rated replies, one JSON object a line (default: {EXAM})")
    parser.add_argument("--model", type=Path, default=sense.MODEL, help=f"the base model's folder (default: {sense.MODEL})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    rows = read_graded(given.file) if given.file else read_exam()
    fitted = sense.at_hand(given.model)
    measures = {**MEASURES, sense.NAME: sense.measure(rows, given.model, fitted)} if fitted else MEASURES
    found, followed = grading(rows, measures), following(rows, measures)
    if given.json:
        told = asdict(found) | {"follows": {name: {asked: asdict(one) for asked, one in of.items()} for name, of in followed.items()}}
        print(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(table(found, followed, measures))
