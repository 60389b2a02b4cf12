"""Count the tokens of a corpus block by block: sums are exact, and what a conversation is like is told by ten thousand of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from three_tutors.pipeline.records import Record, read_jsonl, write_jsonl
from three_tutors.pricing.consumption import Exchange, Talk, demonstration_tokens, talk
from three_tutors.pricing.tokens import chat_tokens

MOST = 10_000
"""Conversations that means are taken over; their means then lie within about one percent of those over all."""


@dataclass(frozen=True)
class Counted:
    """What some dialogues, rendered for OpenAI, take."""

    dialogues: int
    replies: int
    tokens: int
    """Of all of them, as training bills them."""
    talks: tuple[tuple[str, Talk], ...]
    """Each dialogue with its digest; at most `MOST` of them, those of the smallest digests."""


def counted(rows: Iterable[Record], encoding: str) -> Counted:
    """Return what `rows` take."""
    talks, tokens = [], 0
    for row in rows:
        talks.append((hashlib.sha256(json.dumps(row).encode("utf-8", "surrogatepass")).hexdigest()[:16], talk(row, encoding)))
        tokens += chat_tokens(row["messages"], encoding)
    return Counted(len(talks), sum(len(one.exchanges) for _, one in talks), tokens, tuple(talks))


def drawn(talks: Sequence[tuple[str, Talk]]) -> tuple[Talk, ...]:
    """Return the talks of the `MOST` smallest digests, in their order: all, where they are not more."""
    return tuple(one for _, one in _smallest(talks))


def _smallest(talks: Sequence[tuple[str, Talk]]) -> Sequence[tuple[str, Talk]]:
    if len(talks) <= MOST:
        return talks
    last = sorted(digest for digest, _ in talks)[MOST - 1]
    return [(digest, one) for digest, one in talks if digest <= last]


def count_block(rows: Sequence[Record], folder: Path, *, encoding: str) -> dict[str, int]:
    """Count a block of OpenAI's rows; write its talks."""
    found = counted(rows, encoding)
    plain = (
        {"digest": digest, "frame": one.frame, "exchanges": [[some.said, some.reply, some.reply_message] for some in one.exchanges]}
        for digest, one in found.talks
    )
    write_jsonl(folder / "talks.jsonl", plain)
    return {"dialogues": found.dialogues, "replies": found.replies, "tokens": found.tokens}


def total(made: Iterable[tuple[Path, Any]]) -> Counted:
    """Return the sum of blocks, given by the folder that `count_block` wrote into and what it returned."""
    sums, talks = {"dialogues": 0, "replies": 0, "tokens": 0}, list[tuple[str, Talk]]()
    for folder, summary in made:
        sums = {name: count + summary[name] for name, count in sums.items()}
        for row in read_jsonl(folder / "talks.jsonl"):
            talks.append((row["digest"], Talk(row["frame"], tuple(Exchange(*one) for one in row["exchanges"]))))
        if len(talks) > 2 * MOST:  # no more are held at a time
            talks = list(_smallest(talks))
    return Counted(**sums, talks=tuple(_smallest(talks)))


def demonstrations_block(rows: Sequence[Record], _: Path, *, encoding: str) -> dict[str, int]:
    """Count DSPy's examples of a block and the tokens that they take as demonstrations."""
    return {"examples": len(rows), "tokens": sum(demonstration_tokens(row, encoding) for row in rows)}
