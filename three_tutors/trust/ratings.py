"""What teachers rated on the page of `make rate`: its file in Git, and how far the raters agree with each other.

A row is one rating of one reply. `trust.agreement` and `trust.grading` read the same file: beside `rater`, `item`, `day`, `comment` and
`none_helps` a row holds what they ask for. Its labels are `sense` and `teaching`, 1 to 5, the four dimensions in MRBench's words, and
`best`, 1 for the reply that was found best of those shown at one moment and 0 for the others.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl, write_jsonl
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.scoring.statistics import Interval, bootstrap
from three_tutors.trust.graded import Graded, read_graded
from three_tutors.trust.rated_replies import RatedReply, read_rated_replies

RATINGS = Path("data/raw/ratings.jsonl")
SCALES = ("sense", "teaching")
"""Asked from 1 to 5."""
BEST = "best"
ASKED = (*SCALES, *DIMENSIONS)
"""What raters say of a single reply."""
_DRAWS = 300


@dataclass(frozen=True)
class Rating:
    """One rater's opinion of one reply."""

    rater: str
    item: str
    """The student turn that was answered."""
    none_helps: bool
    """Whether the rater found that none of the replies shown there helps."""
    graded: Graded
    """As `grading` takes it, with the labels as numbers."""
    rated: RatedReply
    """As `agreement` takes it."""

    @property
    def unit(self) -> tuple[str, str, str]:
        """What was rated: raters who rated the same unit can agree."""
        return self.item, self.graded.writer, self.graded.replied.reply


@dataclass(frozen=True)
class Agreed:
    """How far raters agree in one thing that they were asked."""

    asked: str
    alpha: Interval
    """Krippendorff's alpha for ordered values: 1 is agreement, 0 chance. The interval draws dialogues."""
    replies: int
    """Replies that two or more raters rated."""


def read_ratings(path: Path = RATINGS) -> list[Rating]:
    """Return the ratings in `path`; none where it is not there or empty.

    Raises:
        DataError: a line is no rating.

    """
    if not path.exists() or not path.read_bytes().strip():
        return []
    records = read_jsonl(path)
    for line, record in enumerate(records, start=1):
        if lacking := [key for key in ("id", "rater", "item") if not isinstance(record.get(key), str)]:
            raise DataError(f"{path}:{line}: not a rating (it has no {lacking[0]}); `make rate` writes them, mend or remove the line.")
    return [
        Rating(record["rater"], record["item"], record.get("none_helps") is True, graded, rated)
        for record, graded, rated in zip(records, read_graded(path), read_rated_replies(path), strict=True)
    ]


def add_ratings(new: Sequence[Record], path: Path = RATINGS) -> int:
    """Write `new` rows beside those in `path`; return how many it holds now. A known id is replaced."""
    rows = {row["id"]: row for row in [*_rows(path), *new]}
    return write_jsonl(path, (rows[name] for name in sorted(rows))) if rows or path.exists() else 0


def without_rater(rater: str, path: Path = RATINGS) -> None:
    """Delete everything that one rater said from `path`."""
    rows = _rows(path)
    if any(row["rater"] == rater for row in rows):
        write_jsonl(path, (row for row in rows if row["rater"] != rater))


def agreed(ratings: Sequence[Rating]) -> list[Agreed]:
    """Return how far raters agree in each thing that two of them were asked about the same reply."""
    return [one for asked in ASKED if (one := _agreed(asked, ratings))]


def alpha(units: Sequence[Sequence[float]]) -> float:
    """Return Krippendorff's alpha for ordered values; `nan` where all values are the same or no unit has two.

    Each unit holds the values that its raters gave it. The distance of two values counts the values between them (Krippendorff 2011,
    Computing Krippendorff's Alpha-Reliability, section E).
    """
    together: Counter[tuple[float, float]] = Counter()
    for unit in units:
        for one, other in permutations(unit, 2):
            together[one, other] += 1 / (len(unit) - 1)  # type: ignore[assignment]
    totals: Counter[float] = Counter()
    for (one, _), count in together.items():
        totals[one] += count
    values, everything = sorted(totals), math.fsum(totals.values())

    def distance(one: float, other: float) -> float:
        low, high = min(one, other), max(one, other)
        between = math.fsum(totals[value] for value in values if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    seen = math.fsum(count * distance(*pair) for pair, count in together.items())
    chance = math.fsum(totals[one] * totals[other] * distance(one, other) for one in values for other in values)
    return 1 - (everything - 1) * seen / chance if chance else math.nan


def _agreed(asked: str, ratings: Sequence[Rating]) -> Agreed | None:
    said: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    groups = {}
    for one in ratings:
        if (value := one.graded.labels.get(asked)) is not None:
            said[one.unit][one.rater] = value
            groups[one.unit] = one.graded.group
    units = {unit: list(of.values()) for unit, of in said.items() if len(of) > 1}
    value = alpha(list(units.values()))
    if math.isnan(value):
        return None
    values = list(units.values())
    rows: dict[str, list[int]] = defaultdict(list)
    for row, unit in enumerate(units):
        rows[groups[unit]].append(row)
    low, high = bootstrap(list(rows.values()), lambda chosen: alpha([values[row] for row in chosen]), _DRAWS)
    return Agreed(asked, Interval(value, low, high), len(units))


def _rows(path: Path) -> list[Record]:
    """Return the rows as they stand in the file, which was found to hold ratings."""
    read_ratings(path)
    return read_jsonl(path) if path.exists() else []
