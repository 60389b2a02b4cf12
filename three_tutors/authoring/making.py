"""What making a tutor from a set of dialogues takes with each method: tokens and money, as `estimate_costs` reckons them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import Record
from three_tutors.pricing.costs import Assumptions, bills, case_of, making_tokens
from three_tutors.pricing.prices import read_prices
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.duplicates import kin
from three_tutors.tutoring.formats import dspy_rows, is_learned, openai_row
from three_tutors.tutoring.methods import METHODS
from three_tutors.tutoring.splits import SPLITS, Shares, Split, deal


@dataclass(frozen=True)
class Making:
    """What one method takes."""

    tokens: int
    """Read and written by an optimiser's calls, or read in training, over all epochs."""
    cost: int
    """Micro-USD, failed runs included."""


def making(dialogues: Sequence[Dialogue], ledger: Mapping[str, Split]) -> dict[str, Making] | None:
    """Return what each method takes; None where there are too few dialogues to fill three splits, or nothing in them is learned.

    Dialogues that the ledger does not name are dealt as the pipeline would.
    """
    if len(dialogues) < len(SPLITS):
        return None
    subjects = {one.id: one.lesson.subject for one in dialogues}
    dealt = {row.id: row.split for row in deal(subjects, ledger, read("split", Shares), kin(dialogues))}
    rows: dict[str, list[Record]] = {
        split: [openai_row(one) for one in dialogues if dealt[one.id] == split and (split == "test" or is_learned(one))] for split in SPLITS
    }
    examples = [row for dialogue in dialogues if dealt[dialogue.id] == "train" for row in dspy_rows(dialogue)]
    if not examples:
        return None
    case = case_of(read("estimate_costs", Assumptions), rows, examples, read_prices())
    made = bills(case)
    return {name: Making(round(making_tokens(method, case)), round(made[name].making)) for name, method in METHODS.items() if name in made}
