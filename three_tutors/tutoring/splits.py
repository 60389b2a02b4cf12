"""The ledger of splits: which dialogue trains, which chooses, which tests. Once dealt, a dialogue stays where it is."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.params import params
from three_tutors.pipeline.records import csv_text, write_text
from three_tutors.pipeline.text import UnreadableError, decode

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
COLUMNS = ("id", "subject", "split")

FILL_ORDER: tuple[Split, ...] = ("train", "test", "validation")
"""Which empty split gets the first dialogue: something to learn from, then something to measure on."""


@params
class Shares:
    """How the dialogues are dealt."""

    train: Annotated[float, Field(gt=0, lt=1)]
    """Share of the dialogues that tutors learn from."""
    validation: Annotated[float, Field(gt=0, lt=1)]
    """Share on which prompts and settings are chosen."""
    test: Annotated[float, Field(gt=0, lt=1)]
    """Share on which claims are made; touched by nothing before."""
    seed: int
    """Shuffles the order in which new dialogues are dealt. Those in data/raw/splits.csv stay where they are."""

    def by_split(self) -> dict[Split, float]:
        """Return the share of each split.

        Raises:
            ParamsError: the shares do not add up to 1.

        """
        share: dict[Split, float] = {"train": self.train, "validation": self.validation, "test": self.test}
        if abs(sum(share.values()) - 1) > 1e-9:  # noqa: PLR2004 - rounding of three decimal fractions
            raise ParamsError(f"params.yaml: split: train, validation and test add up to {sum(share.values()):g}, not to 1.")
        return share


@dataclass(frozen=True)
class Row:
    """One line of the ledger."""

    id: str
    subject: str
    split: Split


def deal(
    subjects: Mapping[str, str],
    ledger: Mapping[str, Split],
    shares: Shares,
    alike: Collection[tuple[str, str]] = (),
) -> list[Row]:
    """Return the ledger of the dialogues whose `subjects` are given by id, sorted by id.

    A dialogue in `ledger` keeps its split, so that adding one never moves another. New dialogues are dealt in the order of a
    seeded hash of their ids. Each goes

    - to the split of a dialogue that it is `alike` (pairs of ids), also through others, where one has been dealt;
    - otherwise to a split that is still empty;
    - otherwise to the split that is furthest below its share, within the subject and over all.

    If a split is empty in the end (dialogues were removed, or all new ones are alike), one moves there from the largest split.

    Raises:
        ParamsError: the shares do not add up to 1.
        DataError: fewer than three dialogues cannot fill three splits.

    """
    share = shares.by_split()
    if len(subjects) < len(SPLITS):
        raise DataError(f"{len(subjects)} dialogues cannot fill train, validation and test; write at least {len(SPLITS)}, better 120.")
    kin = _kin(alike)
    dealt: dict[str, Split] = {name: ledger[name] for name in subjects if name in ledger}
    whole = Counter(dealt.values())
    within = Counter((subjects[name], split) for name, split in dealt.items())
    for name in sorted(subjects.keys() - dealt.keys(), key=lambda name: _order(name, shares.seed)):
        followed = Counter(dealt[other] for other in kin[name] if other in dealt)
        split = max(SPLITS, key=lambda split: followed[split]) if followed else _lacking(subjects[name], whole, within, share)
        dealt[name] = split
        whole[split] += 1
        within[subjects[name], split] += 1
    for empty in (split for split in FILL_ORDER if not whole[split]):
        largest = max(SPLITS, key=lambda split: whole[split])
        candidates = (name for name in dealt if dealt[name] == largest)
        moved = min(candidates, key=lambda name: (name in ledger, bool(kin[name]), _order(name, shares.seed)))
        dealt[moved] = empty
        whole.update({largest: -1, empty: 1})
    return [Row(name, subjects[name], dealt[name]) for name in sorted(dealt)]


def drawn(name: str, shares: Shares) -> Split:
    """Return the split of a dialogue in a corpus too large to be dealt: by a seeded hash of its id, which needs no ledger."""
    at = int.from_bytes(_order(name, shares.seed)[:8], "big") / 2**64
    edge = 0.0
    for split, share in shares.by_split().items():
        edge += share
        if at < edge:
            return split
    return "test"


def together(alike: Collection[tuple[str, str]], ledger: Mapping[str, Split], shares: Shares) -> dict[str, Split]:
    """Return the split of every dialogue of such a corpus that is not simply `drawn`: what the ledger says, and who is alike.

    Dialogues that are `alike` (pairs of ids), also through others, go where most of them in the ledger are; if none is there, where
    the first of them by id is drawn.
    """
    dealt = dict(ledger)
    for members in {min(group): group for group in _kin(alike).values()}.values():
        followed = Counter(ledger[one] for one in members if one in ledger)
        split = max(SPLITS, key=lambda split: followed[split]) if followed else drawn(min(members), shares)
        dealt.update({one: split for one in members if one not in ledger})
    return dealt


def halve(strata: Mapping[str, str], ledger: Mapping[str, Split], seed: int, alike: Collection[tuple[str, str]] = ()) -> list[Row]:
    """Return which moments may be learned from (train) and which are the exam (test), sorted by id; half of each stratum.

    `strata` says for every id what it is about. As in `deal`, whatever stands in `ledger` stays, the rest comes in the order of a
    seeded hash, and what is `alike` goes to one half.
    """
    kin = _kin(alike)
    dealt: dict[str, Split] = {name: ledger[name] for name in strata if name in ledger}
    within = Counter((strata[name], split) for name, split in dealt.items())
    halves: tuple[Split, Split] = ("train", "test")
    for name in sorted(strata.keys() - dealt.keys(), key=lambda name: _order(name, seed)):
        followed = Counter(dealt[other] for other in kin[name] if other in dealt)
        whole = Counter(dealt.values())
        lacking = min(halves, key=lambda split: (within[strata[name], split], whole[split]))
        dealt[name] = max(halves, key=lambda split: followed[split]) if followed else lacking
        within[strata[name], dealt[name]] += 1
    return [Row(name, strata[name], dealt[name]) for name in sorted(dealt)]


def read_ledger(path: Path) -> dict[str, Split]:
    """Return the split of every dialogue in the ledger; a file that is not there is an empty one.

    Raises:
        DataError: a line is not `id,subject,split`, names an unknown split or an id twice.

    """
    try:
        return parse_ledger(path.read_bytes(), path)
    except FileNotFoundError:
        return {}


def parse_ledger(data: bytes, path: Path) -> dict[str, Split]:
    """Return the split of every dialogue in `data`, the contents of `path`; see `read_ledger`."""
    ledger: dict[str, Split] = {}
    advice = "restore the file from Git"
    try:
        rows = csv.reader(io.StringIO(decode(data), newline=""), strict=True)
        for row in rows:
            line = rows.line_num
            if line == 1 and tuple(row) == COLUMNS:
                continue
            known = [split for split in SPLITS if len(row) == len(COLUMNS) and row[2] == split]
            if not known or row[0] in ledger or line == 1:
                raise DataError(f"{path}:{line}: expected a new id, its subject and one of {', '.join(SPLITS)}; {advice}.")
            ledger[row[0]] = known[0]
    except csv.Error as error:
        raise DataError(f"{path}:{rows.line_num}: not a table that can be read: {error}; {advice}.") from None
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}, or {advice}.") from None
    return ledger


def write_ledger(path: Path, rows: Sequence[Row]) -> None:
    """Write the ledger, whole or not at all."""
    write_text(path, csv_text(COLUMNS, ((row.id, row.subject, row.split) for row in rows)))


def _kin(alike: Collection[tuple[str, str]]) -> Mapping[str, set[str]]:
    """Return for each id all that are like it, also through others: they share one set."""
    kin: dict[str, set[str]] = defaultdict(set)
    for pair in alike:
        together = {*pair, *kin[pair[0]], *kin[pair[1]]}
        kin.update(dict.fromkeys(together, together))
    return kin


def _order(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _lacking(subject: str, whole: Counter[Split], within: Counter[tuple[str, Split]], shares: Mapping[Split, float]) -> Split:
    empty = [split for split in FILL_ORDER if not whole[split]]
    if empty:
        return empty[0]
    all_dealt = whole.total() + 1
    of_subject = sum(within[subject, split] for split in SPLITS) + 1

    def lack(split: Split) -> float:
        return shares[split] * all_dealt - whole[split] + shares[split] * of_subject - within[subject, split]

    return max(FILL_ORDER, key=lack)
