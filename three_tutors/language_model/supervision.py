"""Which tokens of a conversation are learned, and proof of it.

A learned turn is learned from its first word to its end-of-turn token, given everything before it. Padding plays no
part: conversations are never padded into one another, so nothing is masked by a token's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from three_tutors.language_model import chat_template
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Strategy

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Supervision = Literal["all", "last", "weight"] | list[Strategy]
"""Which assistant turns are learned: every one, the last one, those whose weight is not 0, or those of some strategies."""

SAMPLED = 3
"""Conversations whose every token the audit shows."""


class Unit(Protocol):
    """What the steps of a training are made of: a conversation, or a pair of them (see `preference`)."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Every token that is read."""

    @property
    def supervised(self) -> int:
        """How many things a mean over units counts it as: tokens, or one pair."""


@dataclass(frozen=True)
class Example:
    """One whole conversation as token ids, with the ranges of tokens that are learned."""

    id: str
    ids: tuple[int, ...]
    learned: tuple[tuple[int, int], ...]
    weight: float = 1.0
    """Factor of its loss when it is learned; below 0, its tokens become less likely."""

    @property
    def positions(self) -> list[int]:
        """The learned tokens' places in `ids`."""
        return [place for start, end in self.learned for place in range(start, end)]

    @property
    def supervised(self) -> int:
        """How many tokens are learned."""
        return sum(end - start for start, end in self.learned)


def examples(tokenizer: PreTrainedTokenizerFast, rows: Sequence[Record], supervision: Supervision, max_length: int) -> list[Example]:
    """Return `rows` (from `formats.hugging_face_row` or `formats.openai_row`) as examples.

    Raises:
        DataError: lists every row that would be cut, in which nothing is learned, or whose learned turns do not
            end with the end-of-turn token.

    """
    made, problems = [], []
    for number, row in enumerate(rows, start=1):
        name = str(row.get("id", f"row {number}"))
        try:
            ids, spans = chat_template.encode_with_spans(tokenizer, row["messages"])
        except DataError as error:
            problems.append(f"{name}: {error}")
            continue
        learned = tuple(span for span, chosen in zip(spans, _chosen(row, supervision), strict=True) if chosen)
        if len(ids) > max_length:
            problems.append(f"{name}: has {len(ids)} tokens and would be cut at max_length {max_length}; raise it or shorten the dialogue.")
        if not learned:
            problems.append(f"{name}: no turn of it would be learned with supervision {supervision!r}.")
        if any(ids[end - 1] != tokenizer.eos_token_id for _, end in learned):
            problems.append(f"{name}: a learned turn does not end with {tokenizer.eos_token}, so stopping would not be learned.")
        made.append(Example(name, tuple(ids), learned))
    if problems:
        raise DataError("Nothing was trained:\n" + "\n".join(problems))
    return made


def audit(tokenizer: PreTrainedTokenizerFast, made: Sequence[Example]) -> Record:
    """Return numbers over all examples and, for the first few, each token with 1 where it is learned."""
    tokens, supervised = sum(len(example.ids) for example in made), sum(example.supervised for example in made)
    longest = max(made, key=lambda example: len(example.ids))
    return {
        "conversations": len(made),
        "turns_learned": sum(len(example.learned) for example in made),
        "tokens": tokens,
        "tokens_supervised": supervised,
        "share_supervised": round(supervised / tokens, 4),
        "longest": {"id": longest.id, "tokens": len(longest.ids)},
        "end_of_turn": {"token": str(tokenizer.eos_token), "supervised": sum(len(example.learned) for example in made)},
        "thinking": chat_template.thinking(tokenizer),
        "sample": [_shown(tokenizer, example) for example in made[:SAMPLED]],
    }


def _chosen(row: Record, supervision: Supervision) -> list[bool]:
    """Return for each assistant message of `row` whether it is learned."""
    places = [index for index, message in enumerate(row["messages"]) if message["role"] == "assistant"]
    if supervision == "all":
        return [True] * len(places)
    if supervision == "last":
        return [place == places[-1] for place in places]
    if supervision == "weight":
        # OpenAI's format keeps the weight in the message, Hugging Face's rows beside the messages.
        return [bool(row["messages"][place].get("weight", row["weights"][place] if "weights" in row else 1)) for place in places]
    if "strategies" not in row:
        raise DataError("supervision by strategy needs rows with `strategies`, as `render` writes for lora.")
    return [row["strategies"][place] in supervision for place in places]


def _shown(tokenizer: PreTrainedTokenizerFast, example: Example) -> Record:
    learned = set(example.positions)
    return {"id": example.id, "tokens": [[tokenizer.decode([token]), int(place in learned)] for place, token in enumerate(example.ids)]}
