"""Render a block of dialogues for every method: what each call of `render` does, wherever it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.tutoring.dialogue import Dialogue, Speaker, Voice
from three_tutors.tutoring.formats import is_learned, rendered
from three_tutors.tutoring.methods import METHODS

DIGITS = 16
"""Of the digest that orders dialogues for a draw; two of ten million dialogues share them once in 400,000 corpora."""
LEARNING = tuple(name for name, method in METHODS.items() if method.learns_from)
"""The methods that dialogues are rendered for."""


def method_rows(dialogues: Sequence[Dialogue], method: str, speaker: Speaker) -> list[Record]:
    """Return the rows of dialogues in the format that the method learns from."""
    form = METHODS[method].learns_from
    return [row for dialogue in dialogues for row in rendered(dialogue, form, speaker)] if form else []


def render_block(
    rows: Sequence[Record], folder: Path, *, speaker: Speaker, test: bool, voices: Sequence[Voice], up_to: str, examples_up_to: str
) -> dict[str, Any]:
    """Write the rows of a block into a file for each method, and count.

    Args:
        rows: dialogues as `validate` wrote them.
        folder: where the files go.
        speaker: whose turns are learned.
        test: whether dialogues without a turn to learn are kept.
        voices: of the teachers who are learned from; empty is all.
        up_to: the last digest of those that are learned from; empty is all.
        examples_up_to: the same for DSPy, whose rows repeat the history at every turn and whose optimiser reads a few dozen.

    """
    dialogues = [Dialogue.from_record(row) for row in rows]
    kept = [one for one in dialogues if _kept(one, speaker, voices, test=test)]
    drawn = _drawn(kept, up_to)
    fewer = _drawn(drawn, examples_up_to)
    made = {name: method_rows(fewer if METHODS[name].learns_from == "examples" else drawn, name, speaker) for name in LEARNING}
    for name, some in made.items():
        write_jsonl(folder / f"{name}.jsonl", some)
    return {"dialogues": len(dialogues), "kept": len(kept), "drawn": len(drawn), "rows": {name: len(some) for name, some in made.items()}}


def census_block(rows: Sequence[Record], folder: Path, *, speaker: Speaker, test: bool, voices: Sequence[Voice]) -> None:
    """Write the digests, one a line, of the dialogues that may be drawn."""
    dialogues = (Dialogue.from_record(row) for row in rows)
    kept = [digest(one.id) for one in dialogues if _kept(one, speaker, voices, test=test)]
    (folder / "digests.txt").write_text("".join(f"{one}\n" for one in kept), encoding="ascii")


def digest(name: str) -> str:
    """Return what orders dialogues for a draw, so that fewer are always among more."""
    return hashlib.sha256(name.encode()).hexdigest()[:DIGITS]


def last_of(digests: Iterable[str], most: int) -> str:
    """Return the digest up to which `most` of them are drawn."""
    return sorted(digests)[most - 1]


def _kept(dialogue: Dialogue, speaker: Speaker, voices: Sequence[Voice], *, test: bool) -> bool:
    return (test or is_learned(dialogue, speaker)) and (not voices or dialogue.voice in voices)


def _drawn(dialogues: Sequence[Dialogue], up_to: str) -> list[Dialogue]:
    return [one for one in dialogues if not up_to or digest(one.id) <= up_to]
