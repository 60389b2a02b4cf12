"""Grading: does each score put ideal replies before faulty ones, and does it rise with what people rated?

    python -m three_tutors.trust.grading [FILE.jsonl] [--json]

FILE holds graded or rated replies (see `graded`); without it, the graded replies of the project's own test half are taken. No model is
asked. The main figure is the AUC within moments: how often an ideal reply scores better than a faulty one to the same student turn,
ties counting half. The AUC over all moments stands beside it; there, what makes a moment easy or hard to score well at counts too.
Intervals draw whole groups.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.grading")

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.metrics import auc, spearman
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, bootstrap, mean_interval
from three_tutors.trust.graded import Graded, by_moment, of_moments, read_graded
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.moment import KINDS, read_moments
from three_tutors.tutoring.words import words

EXAM = Path("data/processed/moments/test.jsonl")
IDEAL = "ideal"
GRADE = "grade"
WEAK = 0.65
"""AUC within moments below which a score hardly sees a kind of fault; .5 is chance."""
_DRAWS = 200


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
class Follows:
    """Spearman's ρ of one score with what people said; positive where better scores go with better replies."""

    rows: int
    everyone: Interval | None
    """Over all rows; None, as below, where one side does not vary."""
    tutors: Interval | None
    """Without the teachers; None where no row is theirs."""
    within: Interval | None
    """Mean over the writers, the teachers apart; None where one writer or none is named."""
    writers: Mapping[str, float | None]
    """Writer → ρ over that writer's rows, the teachers' too."""


@dataclass(frozen=True)
class _Both:
    """One row with both opinions."""

    writer: str
    group: str
    merit: float
    people: float


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

    Left out: scores that describe, that compare with the teacher's own words, that ask the tutor's model, or that no row has.
    """
    kinds = _kinds(rows)
    sees = {}
    for name, merits in _merits(rows, measures):
        if seen := {kind: one for kind in kinds if kind != IDEAL and (one := _sees(rows, merits, kind))}:
            sees[name] = seen
    return Grading(len(rows), len({row.group for row in rows}), kinds, sees)


def following(rows: Sequence[Graded], measures: Mapping[str, Measure] = MEASURES) -> dict[str, dict[str, Follows]]:
    """Return how far each such score follows what people said: score → `grade` or a label → its correlation."""
    follows = {}
    for name, merits in _merits(rows, measures):
        if followed := {asked: rho for asked, said in _said(rows).items() if (rho := _follows(rows, merits, said))}:
            follows[name] = followed
    return follows


def _merits(rows: Sequence[Graded], measures: Mapping[str, Measure]) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the name of each score with the values of all rows, turned so that higher is better; None where there is none."""
    for name, measure in measures.items():
        if measure.better != "neither" and not measure.holds_against_teacher and measure.needs_reply:
            sign = 1 if measure.better == "higher" else -1
            found = [row.replied.finding(measure.of).value if words(row.replied.reply) else None for row in rows]
            yield name, [None if value is None else sign * value for value in found]


def _kinds(rows: Sequence[Graded]) -> dict[str, int]:
    """Return how many replies of each kind there are, those with a name of ours first."""
    found = {row.kind for row in rows if row.kind}
    order = [*(kind for kind in KINDS if kind in found), *sorted(found - {*KINDS})]
    return {kind: sum(row.kind == kind for row in rows) for kind in order}


def _sees(rows: Sequence[Graded], merits: Sequence[float | None], kind: str) -> Sees | None:
    merit = {id(row): value for row, value in zip(rows, merits, strict=True) if value is not None}
    ideal, faulty = ([merit[id(row)] for row in rows if row.kind == one and id(row) in merit] for one in (IDEAL, kind))
    if not ideal or not faulty:
        return None
    won: dict[str, list[float]] = defaultdict(list)
    for some in by_moment(rows):
        good, bad = ([merit[id(row)] for row in some if row.kind == one and id(row) in merit] for one in (IDEAL, kind))
        won[some[0].group] += [0.5 if one == other else float(one > other) for one in good for other in bad]
    pairs = sum(map(len, won.values()))
    return Sees(mean_interval(won) if pairs else None, pairs, auc(ideal, faulty), len(faulty))


def _said(rows: Sequence[Graded]) -> dict[str, list[float | None]]:
    """Return what people said of each row by what they were asked: the grade, then the labels."""
    said: dict[str, list[float | None]] = {GRADE: [row.grade for row in rows]}
    said |= {name: [row.labels.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row.labels)}
    return {name: values for name, values in said.items() if any(value is not None for value in values)}


def _follows(rows: Sequence[Graded], merits: Sequence[float | None], said: Sequence[float | None]) -> Follows | None:
    both = [
        _Both(row.writer, row.group, merit, people)
        for row, merit, people in zip(rows, merits, said, strict=True)
        if merit is not None and people is not None
    ]
    if not both:
        return None

    def rho(chosen: Sequence[int]) -> float:
        return spearman([both[row].merit for row in chosen], [both[row].people for row in chosen])

    def within(chosen: Sequence[int]) -> float:
        found = [one for some in _gathered((both[row].writer, row) for row in chosen).values() if not math.isnan(one := rho(some))]
        return math.fsum(found) / len(found) if found else math.nan

    def interval(chosen: Sequence[int], statistic: Callable[[Sequence[int]], float]) -> Interval | None:
        groups = _gathered((both[row].group, row) for row in chosen)
        value = statistic(chosen)
        return None if math.isnan(value) else Interval(value, *bootstrap(list(groups.values()), statistic, _DRAWS))

    tutors = [row for row, one in enumerate(both) if one.writer != REFERENCE]
    writers = {name: rho(some) for name, some in sorted(_gathered((one.writer, row) for row, one in enumerate(both) if one.writer).items())}
    return Follows(
        len(both),
        interval(range(len(both)), rho),
        interval(tutors, rho) if len(tutors) < len(both) else None,
        interval([row for row in tutors if both[row].writer], within) if len(writers) > 1 else None,
        {name: None if math.isnan(value) else value for name, value in writers.items()},
    )


def _gathered(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, row in pairs:
        found[name].append(row)
    return found


def table(found: Grading, followed: Mapping[str, Mapping[str, Follows]]) -> str:
    """Return the figures as text for a person."""
    lines = [
        f"{found.rows} replies in {found.groups} groups, which the 95 % intervals draw. AUC of ideal replies against each kind within",
        f"moments (chance 0.50, weak below {WEAK:.2f}), over all moments, and Spearman's ρ with what people said; better is always higher.",
    ]
    for name in dict.fromkeys([*found.sees, *followed]):
        lines += ["", MEASURES[name].label if name in MEASURES else name]
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
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    rows = read_graded(given.file) if given.file else read_exam()
    found, followed = grading(rows), following(rows)
    if given.json:
        told = asdict(found) | {"follows": {name: {asked: asdict(one) for asked, one in of.items()} for name, of in followed.items()}}
        print(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(table(found, followed))
