"""The report on costs, from what `estimate_costs` wrote."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from three_tutors.pipeline.records import Record
from three_tutors.reporting.pages import page
from three_tutors.tutoring.methods import TUTORS

ASSUMPTIONS: Mapping[str, str] = {
    "cache_hit_rate": "share of cacheable prompt found in the cache",
    "conversations_per_month": "conversations a month",
    "demonstrations": "worked examples in the prompt",
    "epochs": "passes over the training file",
    "horizon_months": "months to spread what was paid once",
    "hours_per_month": "hours the server runs a month",
    "optimiser_calls": "calls of one optimiser run",
    "peak": "busiest hour over the mean one",
    "price_per_hour": "price of the server's hour",
    "runs": "paid runs until one is kept",
    "tokens_per_second": "tokens a second of the server",
}
SHOWN = 7
"""Most rows of a tornado in the report; the others matter little."""


def cost_benefit(
    costs: Record,
    scores: Mapping[str, float | None] | None = None,
    measure: str = "contrast",
    measured: float | None = None,
    better: Collection[str] = (),
) -> str:
    """Return reports/cost_benefit.md.

    Args:
        costs: what `estimate_costs` wrote.
        scores: what each tutor got in the last run, 0–1; None or missing if it was not measured.
        measure: the name of that figure, for the reader.
        measured: tokens per second that the tutor on your own server wrote in the last run; None if it was not measured.
        better: the tutors that a test shows to be better than the baseline in that figure.

    """
    bills = {name: costs["bills"][name] for name in TUTORS if name in costs["bills"]}
    monthly = {name: bill["monthly"] for name, bill in bills.items() if bill["monthly"] is not None}
    bought = {name: value for name in bills if (value := (scores or {}).get(name)) is not None}
    return page(
        "cost_benefit.md.jinja",
        costs=costs,
        assumed=costs["assumed"],
        bills=bills,
        names=ASSUMPTIONS,
        monthly=monthly,
        cheapest=min(monthly, key=lambda name: monthly[name], default=""),
        dearest=max(monthly, key=lambda name: monthly[name], default=""),
        even={(one["challenger"], one["incumbent"]): one for one in costs["break_even"]},
        chosen=next(model for model in costs["models"] if model["name"] == costs["assumed"]["model"]),
        turning=_turning(costs),
        shown=SHOWN,
        sources=sorted({model["source"] for model in costs["models"]}),
        scores=bought,
        measure=measure,
        measured=measured,
        better=[name for name in bought if name in better],
        usd=usd,
        point=break_even_point,
    )


def usd(micro: float | None) -> str:
    """Return micro-USD for a reader: `1,234 USD`, `2.59 USD`, `under 0.01 USD`, a dash for None."""
    if micro is None:
        return "–"
    amount = abs(micro) / 1_000_000
    sign = "−" if micro < 0 else ""
    whole, cent = 100, 0.005
    if amount >= whole:
        return f"{sign}{amount:,.0f} USD"
    if 0 < amount < cent:
        return "under 0.01 USD"
    return f"{sign}{amount:.2f} USD"


def about_usd(micro: float | None) -> str:
    """Return micro-USD to two significant digits, for whoever decides and does not check: `4,100 USD`, `73 USD`, `3.6 USD`, `0.13 USD`."""
    cent, ten = 10_000, 10_000_000
    if micro is None or abs(micro) < cent:
        return usd(micro)
    step = 10 ** (math.floor(math.log10(abs(micro))) - 1)
    kept = round(micro / step) * step
    return usd(kept) if abs(kept) < cent * 100 else f"{kept / 1_000_000:,.{0 if abs(kept) >= ten else 1}f} USD".replace("-", "−")


def break_even_point(even: Record | None) -> str:
    """Return a break-even for a cell of a table, rounded to two digits: the estimate is not more exact."""
    if even is None:
        return "no price of training"
    if even["outcome"] != "reached":
        return {"always": "the first", "small": "small numbers only", "never": "**never**", "over": "model is gone"}[str(even["outcome"])]
    return f"{rounded(even['conversations']):,} a month"


def rounded(value: float) -> int:
    """Return `value` rounded up to two significant digits: 1,293 → 1,300."""
    step = 10 ** max(0, math.floor(math.log10(value)) - 1) if value else 1
    return math.ceil(value / step) * step


def _turning(costs: Record) -> dict[tuple[str, str], list[Any]]:
    """Return, for each pair, the swings that change which tutor is cheaper."""
    return {
        (table["challenger"], table["incumbent"]): [swing for swing in table["swings"] if (swing["at_low"] > 0) != (swing["at_high"] > 0)]
        for table in costs["sensitivity"]
    }
