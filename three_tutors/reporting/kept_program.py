"""What the program that DSPy kept costs: its own prompt and its drafts, in the place of those that the estimate assumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import fmean

from three_tutors.pipeline.records import Record
from three_tutors.pricing.break_even import Bill, break_even
from three_tutors.reporting.optimisation import Optimisation
from three_tutors.reporting.pages import count
from three_tutors.tutoring.methods import BASELINE, PROMPTED
from three_tutors.tutoring.replies import RecordedReply


@dataclass(frozen=True)
class KeptProgram:
    """What the kept program adds to a reply."""

    demonstrations: int
    """Worked examples in its prompt."""
    added: int
    """Tokens that its prompt has beyond the plain one, for the same student turn and one draft."""
    drafts: float
    """Drafts that it asked for to write one reply, on average over the held-out turns; 1 where that was not measured."""


def kept_program(optimisation: Optimisation | None, answers: Mapping[str, Mapping[str, RecordedReply]]) -> KeptProgram | None:
    """Return what the kept program adds to a reply; None where DSPy has not run.

    An answer has the prompt tokens of all its drafts. How many drafts these are follows from the prompt of one draft: the plain
    prompt for the same turns and what the program adds to it.
    """
    if optimisation is None:
        return None
    plain, asked = (_prompt_tokens(answers.get(name, {})) for name in (BASELINE, PROMPTED))
    added = optimisation.tokens_after - optimisation.tokens_before
    measured = plain and asked and optimisation.drafts > 1
    drafts = min(float(optimisation.drafts), max(1.0, asked / (plain + added))) if measured else 1.0
    return KeptProgram(len(optimisation.demonstrations), added, drafts)


def with_kept_program(costs: Record, kept: KeptProgram | None) -> Record:
    """Return `costs` with the bill of the prompted tutor, its part of the curve and its break-evens made anew for the kept program.

    The estimate is made before training and assumes a prompt. Nothing changes where no program was kept, where the estimate has no
    prices a token, or where there is no bill to correct. No prompt cache is counted.
    """
    bill, prices = costs.get("bills", {}).get(PROMPTED), costs.get("rates")
    if kept is None or prices is None or bill is None:
        return costs
    plain = costs["tokens"]["plain"]
    prompt = kept.drafts * (plain["prompt"] + plain["replies"] * kept.added)
    conversation = prompt * prices["input"] + kept.drafts * plain["reply"] * prices["output"]
    bills = {name: _bill(name, one) for name, one in costs["bills"].items()}
    mine = bills[PROMPTED] = Bill(PROMPTED, bill["making"], bill["exam"], conversation, bill["months"])
    month = costs["assumed"]["conversations_per_month"]
    evens = [asdict(break_even(bills[one["challenger"]], mine)) if one["incumbent"] == PROMPTED else one for one in costs["break_even"]]
    curve = [{**point, PROMPTED: _whole(mine.monthly(point["conversations"]))} for point in costs["curve"]]
    corrected = {**bill, "conversation": round(conversation), "monthly": _whole(mine.monthly(month))}
    return {**costs, "bills": {**costs["bills"], PROMPTED: corrected}, "break_even": evens, "curve": curve, "kept": asdict(kept)}


def prompt_sentence(optimisation: Optimisation | None, kept: KeptProgram | None) -> str:
    """Return how long the kept prompt is beside the plain one, drafts apart; empty where DSPy has not run."""
    if optimisation is None or kept is None:
        return ""
    before, after = optimisation.tokens_before, optimisation.tokens_after
    once = kept.drafts < 1.05  # noqa: PLR2004 - is printed as 1.0
    again = "" if once else f" It asks for {kept.drafts:.1f} drafts a reply on average, and each draft sends the prompt again."
    if before == after:
        return f"The prompt that DSPy kept is as long as the plain one ({count(after, 'token')} for the same student turn).{again}"
    longer = f"{after / before:.1f} times as long" if after >= 1.05 * before else "longer" if after > before else "shorter"
    return (
        f"For the same student turn, the prompt that DSPy kept has {count(after, 'token')} and the plain one {before:,}: "
        f"it is {longer}.{again} The fine-tuned models get the plain prompt."
    )


def _prompt_tokens(answers: Mapping[str, RecordedReply]) -> float:
    tokens = [one.prompt_tokens for one in answers.values() if one.kind == "turn"]
    return fmean(tokens) if tokens else 0.0


def _bill(name: str, record: Record) -> Bill:
    carried = record["server_conversations"]
    return Bill(
        tutor=name,
        making=record["making"],
        exam=record["exam"],
        conversation=record["conversation"],
        months=record["months"],
        server_month=record["server_month"] or 0.0,
        server_conversations=math.inf if carried is None else carried,
    )


def _whole(value: float) -> int | None:
    return round(value) if math.isfinite(value) else None
