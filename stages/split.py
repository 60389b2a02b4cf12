"""Deal whole dialogues into train, validation and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from stages.tutoring.diagnostics import DataError, ParamsError, run
from stages.tutoring.dialogue import Dialogue, read_dialogues
from stages.tutoring.duplicates import LEAK, pairs, triples
from stages.tutoring.params import params, read
from stages.tutoring.records import write_jsonl
from stages.tutoring.splits import SPLITS, Row, Split, deal, read_ledger, write_ledger
from stages.tutoring.words import words

DIALOGUES = Path("data/processed/dialogues.jsonl")
LEDGER = Path("data/raw/splits.csv")
OUT = Path("data/processed/splits")


@params
class Params:
    """How the dialogues are dealt."""

    train: Annotated[float, Field(gt=0, lt=1)]
    """Share of the dialogues that tutors learn from."""
    validation: Annotated[float, Field(gt=0, lt=1)]
    """Share on which prompts and settings are chosen."""
    test: Annotated[float, Field(gt=0, lt=1)]
    """Share on which claims are made; touched by nothing before."""
    seed: int
    """Shuffles the order in which new dialogues are dealt. Those in data/raw/splits.csv stay where they are."""


def split(dialogues: Sequence[Dialogue], ledger: Mapping[str, Split], settings: Params) -> list[Row]:
    """Return the ledger of `dialogues`, sorted by id: what `ledger` says, and the new ones dealt.

    Raises:
        DataError: two dialogues that tell of one problem would be in different splits.

    """
    shares: dict[Split, float] = {"train": settings.train, "validation": settings.validation, "test": settings.test}
    if abs(sum(shares.values()) - 1) > 1e-9:  # noqa: PLR2004 - rounding of three decimal fractions
        raise ParamsError(f"params.yaml: split: train, validation and test add up to {sum(shares.values()):g}, not to 1.")
    alike = kin(dialogues)
    rows = deal(dialogues, ledger, shares, settings.seed, alike)
    dealt = {row.id: row.split for row in rows}
    leaks = [f"{one} ({dealt[one]}) and {other} ({dealt[other]})" for one, other in alike if dealt[one] != dealt[other]]
    if leaks:
        raise DataError(f"Dialogues that tell of one problem are in different splits: {'; '.join(leaks)}. Rewrite one, or mend {LEDGER}.")
    return rows


def kin(dialogues: Sequence[Dialogue]) -> list[tuple[str, str]]:
    """Return the pairs of ids whose dialogues tell of one problem, so that one would leak into the other's split."""
    sets = [triples(word for turn in dialogue.turns for word in words(turn.text)) for dialogue in dialogues]
    return [(dialogues[pair.first].id, dialogues[pair.second].id) for pair in pairs(sets, LEAK)]


def main() -> None:
    """Read the dialogues and the ledger, deal the new ones, write the ledger and the three splits."""
    settings = read("split", Params)
    dialogues = read_dialogues(DIALOGUES)
    rows = split(dialogues, read_ledger(LEDGER), settings)
    write_ledger(LEDGER, rows)
    dealt = {row.id: row.split for row in rows}
    for name in SPLITS:
        write_jsonl(OUT / f"{name}.jsonl", (one.to_record() for one in dialogues if dealt[one.id] == name))
    numbers = Counter(dealt.values())
    print(f"split: {len(rows)} dialogues: {', '.join(f'{numbers[name]} {name}' for name in SPLITS)}, in {OUT} and {LEDGER}")


if __name__ == "__main__":
    run(main)
