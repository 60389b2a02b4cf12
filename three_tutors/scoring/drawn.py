"""What `evaluate` needs of each block of dialogues, so that it holds no corpus: those that are asked, and what strategies look like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.scoring.strategy_classifier import features, labelled
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.questions import asked_dialogues
from three_tutors.tutoring.rendering import digest

ASKED, DIGESTS, LEARNED = "asked.jsonl", "digests.txt", "learned.jsonl"


def asked_block(rows: Sequence[Record], folder: Path) -> int:
    """Write the dialogues of a held-out block that turns may be asked of; return how many."""
    return write_jsonl(folder / ASKED, (one.to_record() for one in asked_dialogues([Dialogue.from_record(row) for row in rows])))


def digests_block(rows: Sequence[Record], folder: Path) -> None:
    """Write what orders the dialogues of a block for a draw, a line each."""
    (folder / DIGESTS).write_text("".join(f"{digest(row['id'])}\n" for row in rows), encoding="ascii")


def learned_block(rows: Sequence[Record], folder: Path, *, up_to: str) -> int:
    """Write strategy and features of each labelled teacher turn of a block, for whoever fits the classifier; return how many.

    Args:
        rows: dialogues as `validate` wrote them.
        folder: where the file goes.
        up_to: the last digest of those that are learned from; empty is all.

    """
    turns = labelled([Dialogue.from_record(row) for row in rows if not up_to or digest(row["id"]) <= up_to])
    return write_jsonl(folder / LEARNED, ({"strategy": one, "features": features(text, before)} for text, before, one in turns))
