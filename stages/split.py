"""Deal whole dialogues into train, validation and test."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.split")

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_chunks, write_jsonl
from three_tutors.scale.engine import chosen
from three_tutors.scale.kin import kin_block, kin_pairs, subjects
from three_tutors.scale.rows import Work, shards_of
from three_tutors.scale.shards import CACHE, prune
from three_tutors.tutoring.duplicates import kin
from three_tutors.tutoring.moment import HALVES, Moment, read_moments
from three_tutors.tutoring.splits import SPLITS, Row, Shares, Split, deal, drawn, halve, read_ledger, together, write_ledger

DIALOGUES = Path("data/processed/dialogues.jsonl")
LEDGER = Path("data/raw/splits.csv")
OUT = Path("data/processed/splits")
MOMENTS = Path("data/processed/moments.jsonl")
MOMENT_LEDGER = Path("data/raw/moment_splits.csv")
MOMENTS_OUT = Path("data/processed/moments")
SHARDS = CACHE / "split"
ROOMS = ("pipeline", "scale", "tutoring")
MOST_DEALT = 100_000
"""Of more dialogues the split is a hash of seed and id: dealing looks at all, and a ledger of all would fill Git."""


@params
class Params(Shares):
    """How the dialogues are dealt; see `Shares` for each key."""


def split(subjects: Mapping[str, str], alike: Collection[tuple[str, str]], ledger: Mapping[str, Split], settings: Params) -> list[Row]:
    """Return the ledger of the dialogues with these `subjects`, sorted by id: what `ledger` says, and the new ones dealt.

    Raises:
        DataError: two dialogues that are `alike` would be in different splits.

    """
    rows = deal(subjects, ledger, settings, alike)
    refuse_leaks({row.id: row.split for row in rows}, alike)
    return rows


def refuse_leaks(dealt: Mapping[str, Split], alike: Collection[tuple[str, str]]) -> None:
    """Raise a `DataError` where dialogues that are alike are in different splits."""
    leaks = [f"{one} ({dealt[one]}) and {other} ({dealt[other]})" for one, other in alike if dealt[one] != dealt[other]]
    if leaks:
        raise DataError(f"Dialogues that tell of one problem are in different splits: {'; '.join(leaks)}. Rewrite one, or mend {LEDGER}.")


def halves(moments: Sequence[Moment], ledger: Mapping[str, Split], seed: int) -> list[Row]:
    """Return which half each moment belongs to: half of every kind of pair, every theme and every subject is learned from."""
    strata = {moment.id: moment.pair or moment.theme or moment.lesson.subject for moment in moments}
    return halve(strata, ledger, seed, kin(moments))


def main() -> None:
    """Read dialogues, moments and the ledgers, deal the new ones, write the ledgers and what belongs to each split."""
    settings, how, ledger = read("split", Params), chosen(), read_ledger(LEDGER)
    [made] = shards_of([DIALOGUES], Work(partial(kin_block), ROOMS, SHARDS), how)
    prune(SHARDS, {one.folder for one in made})
    alike = kin_pairs(made, how)
    if sum(one.summary for one in made) <= MOST_DEALT:
        rows = split(dict(subjects(made)), alike, ledger, settings)
        known = {row.id: row.split for row in rows}
    else:
        known = together(alike, ledger, settings)
        refuse_leaks(known, alike)
        rows = [Row(name, subject, known[name]) for name, subject in subjects(made) if name in known]
    write_ledger(LEDGER, rows)
    numbers: Counter[Split] = Counter()
    for name in SPLITS:
        write_chunks(OUT / f"{name}.jsonl", _lines(DIALOGUES, name, known, settings, numbers))
    moments = read_moments(MOMENTS)
    halved = halves(moments, read_ledger(MOMENT_LEDGER), settings.seed)
    write_ledger(MOMENT_LEDGER, halved)
    half = {row.id: row.split for row in halved}
    for name in HALVES:
        write_jsonl(MOMENTS_OUT / f"{name}.jsonl", (one.to_record() for one in moments if half[one.id] == name))
    said = ", ".join(f"{numbers[name]} {name}" for name in SPLITS)
    print(f"split: {numbers.total()} dialogues: {said}, in {OUT} and {LEDGER}")


def _lines(path: Path, wanted: Split, known: Mapping[str, Split], settings: Params, numbers: Counter[Split]) -> Iterator[bytes]:
    """Yield the dialogues of one split as they stand in `path`, and count them."""
    opening = b'{"id":"'
    with path.open("rb") as file:
        for line in file:
            if not line.strip():
                continue
            name = line[len(opening) : line.index(b'"', len(opening))].decode() if line.startswith(opening) else json.loads(line)["id"]
            if (known.get(name) or drawn(name, settings)) == wanted:
                numbers[wanted] += 1
                yield line
