"""Effort: what each tutor took to make and takes to reply, as this run measured and estimated it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence


@dataclass(frozen=True)
class Effort:
    """One tutor's bill in seconds, tokens and money; None where nothing was measured."""

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
    return {tutor: _effort(tutor, evidence) for tutor in evidence.answers if tutor != "reference"}


def duration(seconds: float | None) -> str:
    """Return seconds as a person says them."""
    if seconds is None:
        return "–"
    if seconds < 90:  # noqa: PLR2004 - a minute and a half
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"  # noqa: PLR2004 - tenths stop mattering
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - an hour and a half


def _effort(tutor: str, evidence: Evidence) -> Effort:
    making, asking = evidence.metrics.get(f"timing_train_{tutor}", {}), evidence.metrics.get(f"timing_{tutor}", {})
    bill: Record = evidence.costs.get("bills", {}).get(tutor, {})
    replies = [answer for answer in evidence.answers[tutor].values() if answer.kind == "turn"]
    return Effort(
        tutor=tutor,
        making_seconds=making.get("seconds"),
        reply_seconds=_each(asking, "seconds", "replies"),
        tokens_per_second=asking.get("tokens_per_second"),
        prompt_tokens=_mean([answer.prompt_tokens for answer in replies]),
        reply_tokens=_mean([answer.completion_tokens for answer in replies]),
        making_cost=bill.get("making"),
        conversation_cost=bill.get("conversation"),
        reply_cost=_reply_cost(bill, evidence.costs),
        server_month=bill.get("server_month") or None,
    )


def _reply_cost(bill: Record, costs: Record) -> float | None:
    replies = costs.get("tokens", {}).get("plain", {}).get("replies")
    return bill["conversation"] / replies if replies and bill.get("conversation") is not None else None


def _each(timing: Mapping[str, float], total: str, number: str) -> float | None:
    return timing[total] / timing[number] if timing.get(total) is not None and timing.get(number) else None


def _mean(values: Sequence[int]) -> float | None:
    return mean(values) if values and any(values) else None
