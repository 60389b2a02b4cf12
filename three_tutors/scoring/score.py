"""A score: a value with a reason, or unscored and counted."""

from __future__ import annotations

from dataclasses import dataclass

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record


@dataclass(frozen=True)
class Score:
    """The value one measure gives one reply, and why."""

    value: float | None
    """None where the measure does not apply or could not be taken; such a score is counted, never read as zero."""
    reason: str
    """The words that decided it, or why there is no value."""

    @classmethod
    def unscored(cls, reason: str) -> Score:
        """Return a score without a value."""
        return cls(None, reason)

    def to_record(self) -> Record:
        """Return `{"value": …, "reason": …}` or `{"unscored": reason}`; values are rounded so that rescoring gives the same bytes."""
        if self.value is None:
            return {"unscored": self.reason}
        return {"value": round(self.value, 4), "reason": self.reason}

    @classmethod
    def from_record(cls, record: Record) -> Score:
        """Read what `to_record` wrote.

        Raises:
            ValueError: it is something else.

        """
        value, reason = record.get("value"), record.get("unscored", record.get("reason"))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(reason, str) or is_number == ("unscored" in record):
            raise ValueError("is neither a value with a reason nor unscored with one")
        return cls(value, reason)


def scores_in(row: Record, place: str, advice: str) -> dict[str, Score]:
    """Return the scores of a row by their names; what a row holds beside them is no object.

    Raises:
        DataError: an object is no score; says where, and gives the advice.

    """
    scores = {}
    for name, value in row.items():
        if isinstance(value, dict):
            try:
                scores[name] = Score.from_record(value)
            except ValueError as error:
                raise DataError(f"{place}: {name} {error}; {advice}.") from None
    return scores
