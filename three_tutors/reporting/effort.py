"""What each tutor took to make and takes to reply, as this run measured and estimated it."""

from __future__ import annotations

from dataclasses import dataclass

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.tutoring.methods import TUTORS


@dataclass(frozen=True)
class Effort:
    """What one tutor takes in seconds, tokens and money; None where nothing was measured."""

    tutor: str
    making_seconds: float | None
    """Training or optimising, on the machine of this run."""
    reply_seconds: float | None
    """One reply, asked together with all others: throughput, not the wait of a single student."""
    tokens_per_second: float | None
    prompt_tokens: float | None
    """Mean tokens that a reply to a held-out turn is made from."""
    reply_tokens: float | None
    making_cost: int | None
    """Micro-USD at the prices of params.yaml, estimated before training."""
    conversation_cost: int | None
    """Micro-USD; 0 where a server is paid instead."""
    reply_cost: float | None
    """Micro-USD of one reply, the estimated conversation spread over its replies; 0 where a server is paid instead."""
    server_month: int | None
    """Micro-USD a month of one server, for a tutor that needs its own."""


def efforts(evidence: Evidence) -> dict[str, Effort]:
    """Return the effort of every tutor that was asked."""
    return {tutor: _effort(tutor, evidence) for tutor in evidence.answers if tutor in TUTORS}


def duration(seconds: float | None) -> str:
    """Return seconds as a person would say them: `3.2 s`, `42 s`, `2 min`."""
    if seconds is None:
        return "–"
    if seconds < 90:  # noqa: PLR2004 - a minute and a half
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"  # noqa: PLR2004 - tenths stop mattering
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - an hour and a half


def _effort(tutor: str, evidence: Evidence) -> Effort:
    making, asking = evidence.metrics.get(f"timing_train_{tutor}", {}), evidence.metrics.get(f"timing_{tutor}", {})
    bill: Record = evidence.costs.get("bills", {}).get(tutor, {})
    turns = [answer for answer in evidence.answers[tutor].values() if answer.kind == "turn"]
    replies = evidence.costs.get("tokens", {}).get("plain", {}).get("replies")
    return Effort(
        tutor=tutor,
        making_seconds=making.get("seconds"),
        reply_seconds=_each(asking.get("seconds"), asking.get("replies")),
        tokens_per_second=asking.get("tokens_per_second"),
        prompt_tokens=_each(sum(answer.prompt_tokens for answer in turns) or None, len(turns)),
        reply_tokens=_each(sum(answer.completion_tokens for answer in turns) or None, len(turns)),
        making_cost=bill.get("making"),
        conversation_cost=bill.get("conversation"),
        reply_cost=_each(bill.get("conversation"), replies),
        server_month=bill.get("server_month") or None,
    )


def _each(total: float | None, number: float | None) -> float | None:
    return total / number if total is not None and number else None
