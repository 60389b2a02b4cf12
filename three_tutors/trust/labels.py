"""Labels given twice: how far two readers of the same codebook agree on what a turn shows or does.

    python -m three_tutors.trust.labels [--json]

The first labels stand in the dialogues, the second in data/raw/second_labels.csv, each with the edition of the codebook by which it was
given. Editions are compared with the first labels one by one. Cohen's kappa is what is left of the agreement when chance is taken out:
0 is chance, 1 is perfect. By label it asks whether both say this one or any other. Intervals draw whole dialogues.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.labels")

import argparse
import csv
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.text import UnreadableError, decode
from three_tutors.scoring.metrics import kappa
from three_tutors.scoring.statistics import Interval, bootstrap
from three_tutors.tutoring.dialogue import SPEAKERS, STRATEGIES, UNDERSTANDINGS, Dialogue, Speaker, Turn, read_dialogues

DIALOGUES = Path("data/processed/dialogues.jsonl")
SECOND = Path("data/raw/second_labels.csv")
COLUMNS = ["id", "turn", "label", "codebook"]
EDITIONS: Sequence[str] = ("1", "2", "3")
"""Editions of data/raw/codebook.md, oldest first."""
LABELS: Mapping[Speaker, Sequence[str]] = {"student": UNDERSTANDINGS, "teacher": STRATEGIES}
COMMONEST = 10
"""Disagreements that are listed for each speaker."""
DRAWS = 300


@dataclass(frozen=True, slots=True)
class Labelled:
    """One turn with both labels."""

    dialogue: str
    turn: int
    """Counted from 0."""
    speaker: Speaker
    first: str
    second: str
    codebook: str
    """The edition by which the second label was given."""


@dataclass(frozen=True)
class Agreed:
    """How far both readers agree on one label, or on all of a speaker's."""

    label: str
    """Empty: all labels of the speaker."""
    first: int
    """Turns to which the first reader gave it."""
    second: int
    both: int
    kappa: Interval | None
    """None where neither reader ever gives it, or both give nothing else."""


@dataclass(frozen=True)
class Disagreement:
    """Two labels that the two readers gave to the same turns."""

    first: str
    second: str
    turns: int
    example: str
    """One of these turns, as `dialogue#turn`."""


@dataclass(frozen=True)
class Agreement:
    """Both labellings of one speaker's turns, the second by one edition of the codebook."""

    speaker: Speaker
    codebook: str
    dialogues: int
    turns: int
    all: Agreed
    labels: Sequence[Agreed]
    disagreements: Sequence[Disagreement]
    """The commonest, most turns first."""


def agreements(labelled: Sequence[Labelled]) -> list[Agreement]:
    """Return how far two labellings agree, for each speaker and each edition of the codebook that has turns in them."""
    return [
        _agreement(speaker, codebook, own)
        for speaker in SPEAKERS
        for codebook in EDITIONS
        if (own := [one for one in labelled if (one.speaker, one.codebook) == (speaker, codebook)])
    ]


def read_second_labels(path: Path, dialogues: Sequence[Dialogue]) -> list[Labelled]:
    """Return the turns in `path` with both labels; a file that is not there is an empty one.

    Left out are dialogues that are not among `dialogues`, and turns without a first label: there is nothing to agree with.

    Raises:
        DataError: lines do not name a turn of their dialogue, one of its speaker's labels and an edition of the codebook, or name a
            turn twice; says which.

    """
    try:
        rows = csv.reader(io.StringIO(decode(path.read_bytes()), newline=""), strict=True)
        numbered = [(rows.line_num, row) for row in rows if row]
    except FileNotFoundError:
        return []
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}.") from None
    except csv.Error as error:
        raise DataError(f"{path}:{rows.line_num}: not a table: {error}.") from None
    if not numbered or numbered[0][1] != COLUMNS:
        raise DataError(f"{path}:1: expected the columns {','.join(COLUMNS)}.")
    held = {one.id: {str(number): turn for number, turn in enumerate(one.turns)} for one in dialogues}
    seen: set[tuple[str, str]] = set()
    problems, labelled = [], []
    for line, row in numbered[1:]:
        if len(row) == len(COLUMNS) and row[0] not in held:
            continue
        if problem := _problem(row, held, seen):
            problems.append(f"{path}:{line}: {problem}")
            continue
        name, number, label, codebook = row
        seen.add((name, number))
        turn = held[name][number]
        if first := turn.understanding if turn.speaker == "student" else turn.strategy:
            labelled.append(Labelled(name, int(number), turn.speaker, first, label, codebook))
    if problems:
        raise DataError("\n".join(problems))
    return labelled


def table(found: Sequence[Agreement]) -> str:
    """Return the figures as text for a person."""
    lines = []
    for one in found:
        lines += [
            "",
            f"{one.turns} {one.speaker} turns of {one.dialogues} dialogues, codebook {one.codebook}",
            f"{'':<24}first second  both  kappa",
        ]
        lines += [
            f"{agreed.label or 'all':<24}{agreed.first:>5} {agreed.second:>6} {agreed.both:>5}  {_shown(agreed.kappa)}"
            for agreed in (one.all, *one.labels)
        ]
        lines += ["", "commonest disagreements (first, second)"]
        lines += [f"{said.turns:>5}  {said.first}, {said.second}, as in {said.example}" for said in one.disagreements]
    return "\n".join(lines[1:]) or f"No turn of {SECOND} has a first label."


def main() -> None:
    """Print how far the second labels agree with the first, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.labels", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="for a program instead of a person")
    given = parser.parse_args()
    found = agreements(read_second_labels(SECOND, read_dialogues(DIALOGUES)))
    print(json.dumps([asdict(one) for one in found], indent=2, allow_nan=False) if given.json else table(found))


def _agreement(speaker: Speaker, codebook: str, own: Sequence[Labelled]) -> Agreement:
    groups: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(own):
        groups[one.dialogue].append(row)
    first, second = [one.first for one in own], [one.second for one in own]
    drawn = list(groups.values())
    labels = [
        _agreed(label, [one == label for one in first], [one == label for one in second], drawn)
        for label in LABELS[speaker]
        if label in first or label in second
    ]
    together = Agreed("", len(own), len(own), sum(one.first == one.second for one in own), _kappa(first, second, drawn))
    return Agreement(speaker, codebook, len(groups), len(own), together, labels, _disagreements(own))


def _agreed(label: str, first: Sequence[bool], second: Sequence[bool], groups: Sequence[Sequence[int]]) -> Agreed:
    both = sum(one and other for one, other in zip(first, second, strict=True))
    return Agreed(label, sum(first), sum(second), both, _kappa(first, second, groups))


def _kappa(first: Sequence[Hashable], second: Sequence[Hashable], groups: Sequence[Sequence[int]]) -> Interval | None:
    value = kappa(first, second)
    if math.isnan(value):
        return None
    ends = bootstrap(groups, lambda rows: kappa([first[row] for row in rows], [second[row] for row in rows]), DRAWS)
    return Interval(value, *ends)


def _disagreements(own: Sequence[Labelled]) -> list[Disagreement]:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in own:
        if one.first != one.second:
            places[one.first, one.second].append(f"{one.dialogue}#{one.turn}")
    commonest = Counter({pair: len(where) for pair, where in places.items()}).most_common(COMMONEST)
    return [Disagreement(*pair, turns, places[pair][0]) for pair, turns in commonest]


def _problem(row: Sequence[str], held: Mapping[str, Mapping[str, Turn]], seen: set[tuple[str, str]]) -> str:
    """Return what is wrong with a line, empty where nothing is."""
    if len(row) != len(COLUMNS):
        return f"{len(row)} cells for {len(COLUMNS)} columns."
    name, number, label, codebook = row
    turn = held[name].get(number)
    if turn is None:
        return f"{name} has no turn {number} (turns are counted from 0); mend or delete the line."
    if (name, number) in seen:
        return f"turn {number} of {name} is labelled twice; keep one of the two."
    allowed = LABELS[turn.speaker]
    if label not in allowed:
        return f"{label} is no label of a {turn.speaker} turn; use one of {', '.join(allowed)}."
    return "" if codebook in EDITIONS else f"there is no edition {codebook} of the codebook; use {' or '.join(EDITIONS)}."


def _shown(found: Interval | None) -> str:
    if found is None:
        return "    –"
    return f"{found.value:5.2f}" + ("" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]")
