"""How far the reading of sense may be believed, as `python -m three_tutors.trust.sense --measure` found it on replies of this project.

Two files of replies, neither of which the weights that rate them have learned from: the graded replies of the exam's half; and what the
reading is learned from, graded and rated, where each fifth of the groups is rated by weights learned from the other four. What the rules
of `scoring.sense` alone get stands beside it. Each file is kept with a digest, so that a report tells no figure of other replies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, write_json
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.sense import SENSE as BY_RULES
from three_tutors.scoring.statistics import Interval
from three_tutors.trust import fitted_sense
from three_tutors.trust.faults import grading
from three_tutors.trust.fitted_sense import FittedSense
from three_tutors.trust.following import following
from three_tutors.trust.graded import Graded, of_moments, read_graded
from three_tutors.tutoring.moment import read_moments

FILE = Path("data/raw/verdicts/sense_figures.json")
LEARNED = Path("data/processed/moments/train.jsonl")
EXAM = Path("data/processed/moments/test.jsonl")
RATED = Path("data/raw/rated_samples.jsonl")
"""Replies of tutors to moments of the training half, rated from 1 to 5; see data/raw/README.md."""
NAME = "sense_read"
UNSEEN, HELD_OUT = "unseen", "held_out"
"""The two files: replies of the exam's half, and replies of the training half with groups held out."""
_ADVICE = "run `python -m three_tutors.trust.sense --measure`"
_DIGITS = 4


@dataclass(frozen=True)
class Sees:
    """How often an ideal reply gets more than one of a kind to the same student turn; .5 is chance. Intervals draw groups."""

    read: Interval
    rules: Interval
    pairs: int


@dataclass(frozen=True)
class Follows:
    """Spearman's ρ with what people, or a model in their place, said of the same replies. Intervals draw groups."""

    whose: str
    """Writer; empty for all rows, `within` for the mean over writers."""
    read: Interval | None
    """None, as below, where one side does not vary."""
    rules: Interval | None
    rows: int


@dataclass(frozen=True)
class Measured:
    """The figures of one file of replies."""

    digest: str
    """Of the replies and of what was said of them."""
    replies: int
    groups: int
    sees: Mapping[str, Sees]
    """By kind."""
    follows: Mapping[str, Sequence[Follows]]
    """By what was asked: `grade`, `sense` or `teaching`."""


@dataclass(frozen=True)
class SenseFigures:
    """What was measured of one reading."""

    fitted: str
    """Digest of the weights."""
    files: Mapping[str, Measured]

    @property
    def reached(self) -> dict[str, float]:
        """What the reading reaches of each of `fitted_sense.AIMS`: the lower of both files; an aim that neither measures is missing."""
        found: dict[str, float] = {}
        for one in self.files.values():
            here = {kind: sees.read.value for kind, sees in one.sees.items()}
            if rho := [line.read.value for line in one.follows.get(fitted_sense.SENSE, ()) if not line.whose and line.read]:
                here[fitted_sense.SENSE] = rho[0]
            found |= {name: min(here[name], found.get(name, 1.0)) for name in fitted_sense.AIMS if name in here}
        return found

    @property
    def short(self) -> list[str]:
        """The aims that it does not reach."""
        return [name for name, aim in fitted_sense.AIMS.items() if self.reached.get(name, 0.0) < aim]


def rows_of(root: Path = Path()) -> dict[str, list[Graded]]:
    """Return the replies of both files.

    Raises:
        DataError: they are not there.

    """
    return {UNSEEN: of_moments(read_moments(root / EXAM)), HELD_OUT: learned_from(root / LEARNED, root / RATED)}


def learned_from(learned: Path = LEARNED, rated: Path = RATED) -> list[Graded]:
    """Return the replies that the reading is learned from: graded ones, such of them as were spoilt, and rated ones."""
    rows = fitted_sense.examples(of_moments(read_moments(learned)))
    return rows + ([row for row in read_graded(rated) if fitted_sense.SENSE in row.labels] if rated.exists() else [])


def measured(rows: Sequence[Graded], reading: Measure) -> Measured:
    """Return the figures of `reading` and of the rules on `rows`."""
    both = {NAME: reading, BY_RULES.name: BY_RULES}
    seen = grading(rows, both).sees
    mine, theirs = seen.get(NAME, {}), seen.get(BY_RULES.name, {})
    sees = {
        kind: Sees(_rounded(read.within), _rounded(theirs[kind].within), read.pairs)
        for kind, read in mine.items()
        if read.within and kind in theirs and theirs[kind].within
    }
    return Measured(digest(rows), len(rows), len({row.group for row in rows}), sees, _follows(rows, both))


def digest(rows: Sequence[Graded]) -> str:
    """Return a digest of the replies and of what was said of them."""
    lines = [[row.group, row.writer, row.kind, row.grade, dict(row.labels), [turn.text for turn in row.replied.turns]] for row in rows]
    told = [json.dumps([*line, row.replied.reply], sort_keys=True) for line, row in zip(lines, rows, strict=True)]
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:16]


def digest_of(fitted: FittedSense) -> str:
    """Return a digest of the weights."""
    return hashlib.sha256(json.dumps(asdict(fitted), sort_keys=True).encode()).hexdigest()[:16]


def write(found: SenseFigures, path: Path = FILE) -> None:
    """Write what was measured."""
    write_json(path, asdict(found))


def read(path: Path = FILE) -> SenseFigures | None:
    """Return what `write` wrote, None where nothing was measured.

    Raises:
        DataError: the file holds something else.

    """
    if not path.exists():
        return None
    try:
        return TypeAdapter(SenseFigures).validate_python(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}; {_ADVICE}.") from None


def stale(found: SenseFigures, fitted: FittedSense | None, rows: Mapping[str, Sequence[Graded]]) -> str:
    """Return in one sentence why the figures are not those of this reading of these replies; empty where they are."""
    if fitted is None or digest_of(fitted) != found.fitted:
        return f"{FILE} tells figures of another reading of sense than {fitted_sense.FILE} holds: {_ADVICE}."
    if {name: digest(some) for name, some in rows.items()} != {name: one.digest for name, one in found.files.items()}:
        return f"{FILE} tells figures of the reading of sense on other replies than the project has now: {_ADVICE}."
    return ""


def _follows(rows: Sequence[Graded], both: Mapping[str, Measure]) -> dict[str, list[Follows]]:
    """Return the rank correlations over all rows, within the writers on average, and of each writer."""
    whole = following(rows, both)
    writers = sorted({row.writer for row in rows if row.writer})
    of_each = {writer: following([row for row in rows if row.writer == writer], both) for writer in writers}
    found = {}
    for asked, one in whole.get(NAME, {}).items():
        other = whole.get(BY_RULES.name, {}).get(asked)
        lines = [Follows("", _rounded(one.everyone), _rounded(other.everyone) if other else None, one.rows)]
        if one.within:
            lines.append(Follows("within", _rounded(one.within), _rounded(other.within) if other else None, one.rows))
        for writer, of in of_each.items():
            if own := of.get(NAME, {}).get(asked):
                by_rules = of.get(BY_RULES.name, {}).get(asked)
                lines.append(Follows(writer, _rounded(own.everyone), _rounded(by_rules.everyone) if by_rules else None, own.rows))
        found[asked] = lines
    return found


def _rounded(interval: Any) -> Any:  # noqa: ANN401 - an interval or None, whichever is given
    if interval is None:
        return None
    ends = (None if end is None else round(end, _DIGITS) for end in (interval.low, interval.high))
    return Interval(round(interval.value, _DIGITS), *ends)
