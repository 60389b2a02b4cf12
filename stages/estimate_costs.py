"""Estimate tokens, money and break-even before anything is trained."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.estimate_costs")

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, csv_text, write_json, write_text
from three_tutors.pricing.break_even import break_even
from three_tutors.pricing.consumption import consumption
from three_tutors.pricing.costs import MICRO, Assumptions, Case, bills, case_from, conversation_cost, pair_tokens
from three_tutors.pricing.counting import count_block, demonstrations_block, total
from three_tutors.pricing.price_table import differences, litellm_table
from three_tutors.pricing.prices import OLD_AFTER, Model, PromptCache, listed, old, read_caches, read_prices
from three_tutors.pricing.sensitivity import difference
from three_tutors.pricing.statement import bill_figures, model_figures, pairs, swings_of, whole
from three_tutors.scale.engine import Engine, chosen
from three_tutors.scale.rows import Work, shards_of
from three_tutors.scale.shards import CACHE, prune
from three_tutors.tutoring.methods import PROMPTED, TUTORS
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.taking_part import TakingPart

OPENAI = Path("data/processed/openai")
DSPY = Path("data/processed/dspy")
MOMENTS = Path("data/processed/moments/train.jsonl")
OUT = Path("data/processed/costs.json")
SHARDS = CACHE / "estimate_costs"
ROOMS = ("pipeline", "pricing")
METRICS = Path("reports/metrics/costs.json")
CURVE = Path("reports/plots/cost_curve.csv")

SPLITS = ("train", "validation", "test")
CURVE_POINTS = (*(step * 10**power for power in range(1, 5) for step in (1, 2, 5)), 100_000)


@params
class Params(Assumptions):
    """What the estimate takes for granted; see `Assumptions` for each key."""


def estimate_costs(case: Case, models: Mapping[str, Model], caches: Mapping[str, PromptCache], table: Mapping[str, Any]) -> Record:
    """Return everything the reports say about money; amounts are whole micro-USD, `None` where there is none.

    Args:
        case: the dialogues as tokens, with the assumptions and the chosen model.
        models: every listed model by name, each of which becomes a row.
        caches: how each service keeps prompts.
        table: litellm's price table, beside which ours is held.

    """
    assumed, made = case.assumed, bills(case)
    compared = pairs(made)
    plain, long = (consumption(case.talks, case.cache, static) for static in (0.0, case.static))
    return {
        "assumed": {key: str(value) if key == "as_of" else value for key, value in asdict(assumed).items()},
        "tokens": {
            "training": case.training_tokens,
            "training_examples": case.training_examples,
            "epochs": case.epochs,
            "demonstration": round(case.demonstration),
            "exam_replies": case.exam_replies,
            "plain": {key: round(value, 1) for key, value in asdict(plain).items()},
            "long": {key: round(value, 1) for key, value in asdict(long).items()},
        },
        "rates": {"input": case.model.base.input, "output": case.model.base.output},
        "writing": {"dialogues": case.dialogues, "cost": round(case.writing)},
        "bills": {name: bill_figures(bill, assumed.conversations_per_month) for name, bill in made.items()},
        "break_even": [asdict(break_even(made[one], made[other])) for one, other in compared],
        "cache": {
            "uncached": round(conversation_cost(replace(case, cache=None), case.model.base, case.static)),
            "cached": round(conversation_cost(case, case.model.base, case.static)),
        },
        "batch": {
            "normal": round(case.model.base.cost(plain.prompt, plain.reply)),
            "offline": round(case.model.base.offline_cost(plain.prompt, plain.reply)),
        },
        "models": [model_figures(name, replace(case, model=model, cache=caches.get(model.service))) for name, model in models.items()],
        "curve": [{"conversations": count, **{n: whole(b.monthly(count)) for n, b in made.items()}} for count in CURVE_POINTS],
        "sensitivity": [swings_of(case, *pair) for pair in compared if pair[1] == PROMPTED and math.isfinite(difference(case, *pair))],
        "prices": {
            "oldest": str(min(model.checked for model in models.values())),
            "good_until": str(min(model.checked for model in models.values()) + OLD_AFTER),
            "old": old(models, assumed.as_of),
            "differences": differences(models, table),
        },
    }


def metrics(costs: Record) -> Record:
    """Return the few figures that the terminal overview shows, in micro-USD."""
    made = {name: {key: bill[key] for key in ("making", "conversation")} for name, bill in costs["bills"].items()}
    return {"training_tokens": costs["tokens"]["training"], **made}


def curve(costs: Record) -> str:
    """Return USD a month by conversations a month, one column a tutor, as CSV."""
    names = [name for name in TUTORS if name in costs["bills"]]
    dollars = ([None if point[name] is None else f"{point[name] / MICRO:.4f}" for name in names] for point in costs["curve"])
    rows = ((point["conversations"], *row) for point, row in zip(costs["curve"], dollars, strict=True))
    return csv_text(("conversations", *names), rows)


def case(assumed: Assumptions, models: Mapping[str, Model], how: Engine) -> Case:
    """Return the case of what `render` wrote, counted block by block; see `case_of`."""
    encoding = models[listed(models, assumed.model, "estimate_costs.model")].encoding
    rows = Work(partial(count_block, encoding=encoding), ROOMS, SHARDS)
    examples = Work(partial(demonstrations_block, encoding=encoding), ROOMS, SHARDS)
    counted = dict(zip(SPLITS, shards_of([OPENAI / f"{split}.jsonl" for split in SPLITS], rows, how), strict=True))
    [shown] = shards_of([DSPY / "train.jsonl"], examples, how)
    prune(SHARDS, {one.folder for some in (*counted.values(), shown) for one in some})
    tokens, number = (sum(one.summary[key] for one in shown) for key in ("tokens", "examples"))
    counts = {split: total((one.folder, one.summary) for one in some) for split, some in counted.items()}
    return case_from(assumed, counts, tokens / number, models)


def main() -> None:
    """Read rows, prices and assumptions; write the estimate, its few metrics and the curve."""
    assumed, models, caches = read("estimate_costs", Params), read_prices(), read_caches()
    made = case(assumed, models, chosen())
    tutors = read("tutors", TakingPart).tutors
    if any(TUTORS[name].pairs for name in tutors):
        made = replace(made, pair_tokens=pair_tokens(read_moments(MOMENTS), made.model.encoding))
    made = replace(made, tutors=tutors)
    costs = estimate_costs(replace(made, cache=caches.get(made.model.service)), models, caches, litellm_table())
    write_json(OUT, costs)
    write_json(METRICS, metrics(costs))
    write_text(CURVE, curve(costs))
    if late := old(models, datetime.now(UTC).date()):
        # Only said, never written: outputs must not change from one day to the next.
        print(
            f"warning: prices of {', '.join(late)} were checked over {OLD_AFTER.days} days ago; check data/raw/prices.yaml", file=sys.stderr
        )
    making = ", ".join(f"{name} {bill['making'] / MICRO:.2f} USD" for name, bill in costs["bills"].items())
    print(f"estimate_costs: one epoch is {made.training_tokens:,} tokens; making costs {making}; see {METRICS} and {CURVE}")
