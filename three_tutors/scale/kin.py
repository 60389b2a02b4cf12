"""Which dialogues of a file tell of one problem: `duplicates.kin` over the shards of its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from three_tutors.pipeline.records import Record, read_jsonl, write_jsonl
from three_tutors.scale import alike
from three_tutors.scale.alike import Texts
from three_tutors.scale.engine import Engine
from three_tutors.scale.shards import Shard
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.duplicates import LEAK, of_one_problem, of_turns


def kin_block(rows: Sequence[Record], folder: Path) -> int:
    """Write id, subject and triples of each dialogue of a block; return how many there are."""
    dialogues = [Dialogue.from_record(row) for row in rows]
    alike.write(folder, [of_turns(turn.text for turn in one.turns) for one in dialogues])
    return write_jsonl(folder / "subjects.jsonl", ({"id": one.id, "subject": one.lesson.subject} for one in dialogues))


def subjects(made: Sequence[Shard]) -> Iterator[tuple[str, str]]:
    """Yield id and subject of every dialogue, in order."""
    for one in made:
        yield from ((row["id"], row["subject"]) for row in read_jsonl(one.folder / "subjects.jsonl"))


def kin_pairs(made: Sequence[Shard], how: Engine) -> list[tuple[str, str]]:
    """Return the pairs of ids whose dialogues tell of one problem, so that one would leak into the other's split."""
    starts = np.cumsum([0, *(one.summary for one in made)])
    parts = [Texts(one.folder, np.arange(start, start + one.summary)) for one, start in zip(made, starts.tolist(), strict=False)]
    found = of_one_problem(alike.pairs(parts, LEAK, how), int(starts[-1]))
    wanted = sorted({position for pair in found for position in (pair.first, pair.second)})
    names: dict[int, str] = {}
    for one, start, some in zip(made, starts.tolist(), np.split(wanted, np.searchsorted(wanted, starts[1:-1])), strict=False):
        if len(some):
            rows = read_jsonl(one.folder / "subjects.jsonl")
            names.update((int(position), rows[int(position) - start]["id"]) for position in some)
    return [(names[pair.first], names[pair.second]) for pair in found]
