"""Deal whole dialogues into train, validation and test."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.split")

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_jsonl
from three_tutors.tutoring.dialogue import Dialogue, read_dialogues
from three_tutors.tutoring.duplicates import kin
from three_tutors.tutoring.splits import SPLITS, Row, Shares, Split, deal, read_ledger, write_ledger

DIALOGUES = Path("data/processed/dialogues.jsonl")
LEDGER = Path("data/raw/splits.csv")
OUT = Path("data/processed/splits")


@params
class Params(Shares):
    """How the dialogues are dealt; see `Shares` for each key."""


def split(dialogues: Sequence[Dialogue], ledger: Mapping[str, Split], settings: Params) -> list[Row]:
    """Return the ledger of `dialogues`, sorted by id: what `ledger` says, and the new ones dealt.

    Raises:
        DataError: two dialogues that tell of one problem would be in different splits.

    """
    alike = kin(dialogues)
    rows = deal(dialogues, ledger, settings, alike)
    dealt = {row.id: row.split for row in rows}
    leaks = [f"{one} ({dealt[one]}) and {other} ({dealt[other]})" for one, other in alike if dealt[one] != dealt[other]]
    if leaks:
        raise DataError(f"Dialogues that tell of one problem are in different splits: {'; '.join(leaks)}. Rewrite one, or mend {LEDGER}.")
    return rows


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
