"""Parts of the cost estimate as records: bills, models and assumptions. Amounts are whole micro-USD, `None` where there is none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict

from three_tutors.pipeline.records import Record
from three_tutors.pricing.break_even import Bill, break_even
from three_tutors.pricing.costs import Case, bills
from three_tutors.pricing.sensitivity import difference, tornado
from three_tutors.tutoring.methods import PROMPTED, TUNED, TUTORS


def pairs(made: Mapping[str, Bill]) -> list[tuple[str, str]]:
    """Return who may become cheaper than whom: fine-tunes than prompts, and a server of one's own than all that is paid by the token."""
    names = [name for name in TUTORS if name in made]
    prompts = [name for name in names if not TUTORS[name].is_trained]
    tunes = [name for name in names if TUTORS[name].billed == "fine-tune"]
    servers = [name for name in names if TUTORS[name].billed == "own server"]
    return [*itertools.product(tunes, prompts), *itertools.product(servers, [*prompts, *tunes])]


def bill_figures(bill: Bill, conversations: int) -> Record:
    """Return what making and asking one tutor costs, and its bill for so many `conversations` a month."""
    amounts = {key: whole(getattr(bill, key)) for key in ("making", "exam", "conversation", "server_month", "server_conversations")}
    monthly = {"servers": bill.servers(conversations), "monthly": whole(bill.monthly(conversations))}
    return {**amounts, **monthly, "months": round(bill.months, 1)}


def model_figures(name: str, case: Case) -> Record:
    """Return a listed model's row: its costs in this `case`, its break-even and the dates until which it can be had."""
    made, model = bills(case), case.model
    dates = {key: str(value) if value else None for key, value in asdict(model.dates).items()} if model.dates else {}
    return {
        "name": name,
        "service": model.service,
        "reasoning": model.reasoning,
        "conversation": {tutor: whole(bill.conversation) for tutor, bill in made.items() if not bill.server_month},
        "training": whole(made[TUNED].making / case.assumed.runs) if TUNED in made else None,
        "tuned_shutdown": str(model.tuned_shutdown) if model.tuned_shutdown else None,
        **{key: dates.get(key) for key in ("shutdown", "new_jobs_until", "closed_to_new")},
        "break_even": asdict(break_even(made[TUNED], made[PROMPTED])) if {TUNED, PROMPTED} <= made.keys() else None,
        "source": model.base.source,
        "checked": str(model.checked),
    }


def swings_of(case: Case, challenger: str, incumbent: str) -> Record:
    """Return how far each assumption moves the difference between the two."""
    at = round(difference(case, challenger, incumbent))
    swings = [
        {**asdict(swing), "at_low": round(swing.at_low), "at_high": round(swing.at_high)} for swing in tornado(case, challenger, incumbent)
    ]
    return {"challenger": challenger, "incumbent": incumbent, "at": at, "swings": swings}


def whole(value: float) -> int | None:
    """Return whole micro-USD, or `None` where there is no such amount."""
    return round(value) if math.isfinite(value) else None
