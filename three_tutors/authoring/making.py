"""What making a tutor from a set of dialogues takes with each method: tokens and money, as `estimate_costs` reckons them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import Record
from three_tutors.pricing.consumption import consumption
from three_tutors.pricing.costs import Assumptions, Case, bills, case_of
from three_tutors.pricing.prices import read_prices
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.duplicates import kin
from three_tutors.tutoring.formats import dspy_rows, openai_row
from three_tutors.tutoring.splits import SPLITS, Shares, Split, deal

METHODS = ("dspy", "openai", "lora")


@dataclass(frozen=True)
class Making:
    """What one method takes."""

    tokens: int
    """`dspy`: read and written by the optimiser's calls; `openai`, `lora`: read in training, over all epochs."""
    cost: int
    """Micro-USD, failed runs included."""


def making(dialogues: Sequence[Dialogue], ledger: Mapping[str, Split]) -> dict[str, Making] | None:
    """Return what each method takes; None where there are too few dialogues to fill three splits.

    Dialogues that the ledger does not name are dealt as the pipeline would.
    """
    if len(dialogues) < len(SPLITS):
        return None
    dealt = {row.id: row.split for row in deal(dialogues, ledger, read("split", Shares), kin(dialogues))}
    rows: dict[str, list[Record]] = {
        split: [openai_row(dialogue) for dialogue in dialogues if dealt[dialogue.id] == split] for split in SPLITS
    }
    examples = [row for dialogue in dialogues if dealt[dialogue.id] == "train" for row in dspy_rows(dialogue)]
    case = case_of(read("estimate_costs", Assumptions), rows, examples, read_prices())
    made = bills(case)
    trained = case.training_tokens * case.epochs
    tokens = {"dspy": _optimiser_tokens(case), "openai": trained, "lora": trained}
    return {method: Making(round(tokens[method]), round(made[method].making)) for method in METHODS if method in made}


def _optimiser_tokens(case: Case) -> float:
    used = consumption(case.talks, static=case.static)
    return case.assumed.optimiser_calls * case.assumed.runs * (used.prompt + used.reply) / used.replies
