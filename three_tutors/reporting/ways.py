"""What each way costs with this run's own prompts and replies, and what is lost where it turns out wrong: for whoever signs the bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.pricing.prices import Model, Rates
from three_tutors.reporting.effort import Effort
from three_tutors.reporting.evidence import Evidence
from three_tutors.tutoring.methods import TUTORS

TIMES = 10
"""So many times the assumed use is the other case that is shown."""
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Way:
    """One way to have a tutor, in micro-USD; None where nothing was measured or no price is known."""

    tutor: str
    prompt_tokens: float | None
    """Of a reply to a held-out turn in this run, all drafts together, as the model counted them that replied."""
    reply_tokens: float | None
    thousand: float | None
    """1,000 such replies; on a server of one's own, while it is busy without a pause."""
    server_month: int | None
    """One server, used or not."""
    making: int
    """Paid before the first conversation, failed runs and the exam included."""
    monthly: int | None
    """At the assumed use; None where the model is gone."""
    many: int | None
    """At ten times that use."""
    months: float
    """Until the model is withdrawn, or as far as the estimate looks."""
    lost: int | None
    """If the tutor turns out not to teach after a month at the assumed use: what was paid before, and that month."""


def ways(evidence: Evidence, efforts: Mapping[str, Effort]) -> list[Way]:
    """Return what each way costs, in the order of all tables; nothing where costs were not estimated."""
    costs = evidence.costs
    if not costs:
        return []
    model = evidence.prices.get(costs["assumed"]["model"])
    points = {point["conversations"]: point for point in costs["curve"]}
    many = points.get(TIMES * costs["assumed"]["conversations_per_month"], {})
    found = []
    for tutor in (name for name in TUTORS if name in costs["bills"]):
        bill, effort = costs["bills"][tutor], efforts.get(tutor)
        once = bill["making"] + bill["exam"]
        running = bill["server_month"] * bill["servers"] + bill["conversation"] * costs["assumed"]["conversations_per_month"]
        found.append(
            Way(
                tutor=tutor,
                prompt_tokens=effort.prompt_tokens if effort else None,
                reply_tokens=effort.reply_tokens if effort else None,
                thousand=_thousand(tutor, effort, model, costs["assumed"]["price_per_hour"] if bill["server_month"] else None),
                server_month=bill["server_month"] or None,
                making=once,
                monthly=bill["monthly"],
                many=many.get(tutor),
                months=bill["months"],
                lost=None if bill["monthly"] is None else round(once + running),
            )
        )
    return found


def cheapest(found: Sequence[Way]) -> list[str]:
    """Return who costs least a month at the assumed use."""
    known = {way.tutor: way.monthly for way in found if way.monthly is not None}
    return [name for name, monthly in known.items() if monthly == min(known.values())]


def _thousand(tutor: str, effort: Effort | None, model: Model | None, hour: float | None) -> float | None:
    """Return micro-USD of 1,000 replies of this run; `hour` is the price of a server's hour in USD where one is paid."""
    if effort is None:
        return None
    if hour is not None:
        return None if effort.reply_seconds is None else 1000 * effort.reply_seconds / SECONDS_AN_HOUR * hour * 1_000_000
    rates = _rates(tutor, model)
    if rates is None or effort.prompt_tokens is None or effort.reply_tokens is None:
        return None
    return 1000 * rates.cost(effort.prompt_tokens, effort.reply_tokens)


def _rates(tutor: str, model: Model | None) -> Rates | None:
    if model is None:
        return None
    return model.tuned if TUTORS[tutor].billed == "fine-tune" else model.base
