"""A score: a value with a reason, or unscored and counted."""

from __future__ import annotations

from dataclasses import dataclass

from three_tutors.pipeline.records import Record


@dataclass(frozen=True)
class Score:
    """What one measure says about one answer."""

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
        """Read what `to_record` wrote."""
        if "unscored" in record:
            return cls(None, record["unscored"])
        return cls(record["value"], record["reason"])
