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
from three_tutors.tutoring.moment import HALVES, Moment, read_moments
from three_tutors.tutoring.splits import SPLITS, Row, Shares, Split, deal, halve, read_ledger, write_ledger

DIALOGUES = Path("data/processed/dialogues.jsonl")
LEDGER = Path("data/raw/splits.csv")
OUT = Path("data/processed/splits")
MOMENTS = Path("data/processed/moments.jsonl")
MOMENT_LEDGER = Path("data/raw/moment_splits.csv")
MOMENTS_OUT = Path("data/processed/moments")


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


def halves(moments: Sequence[Moment], ledger: Mapping[str, Split], seed: int) -> list[Row]:
    """Return which half each moment belongs to: half of every kind of pair, every theme and every subject is learned from."""
    strata = {moment.id: moment.pair or moment.theme or moment.lesson.subject for moment in moments}
    return halve(strata, ledger, seed, kin(moments))


def main() -> None:
    """Read dialogues, moments and the ledgers, deal the new ones, write the ledgers and what belongs to each split."""
    settings = read("split", Params)
    dialogues = read_dialogues(DIALOGUES)
    rows = split(dialogues, read_ledger(LEDGER), settings)
    write_ledger(LEDGER, rows)
    dealt = {row.id: row.split for row in rows}
    for name in SPLITS:
        write_jsonl(OUT / f"{name}.jsonl", (one.to_record() for one in dialogues if dealt[one.id] == name))
    moments = read_moments(MOMENTS)
    halved = halves(moments, read_ledger(MOMENT_LEDGER), settings.seed)
    write_ledger(MOMENT_LEDGER, halved)
    half = {row.id: row.split for row in halved}
    for name in HALVES:
        write_jsonl(MOMENTS_OUT / f"{name}.jsonl", (one.to_record() for one in moments if half[one.id] == name))
    numbers = Counter(dealt.values())
    print(f"split: {len(rows)} dialogues: {', '.join(f'{numbers[name]} {name}' for name in SPLITS)}, in {OUT} and {LEDGER}")
