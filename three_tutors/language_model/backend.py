"""What answers: a loaded model with a number of slots, each of which holds one conversation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedTokenizerFast


class Backend(Protocol):
    """A loaded model with a number of slots."""

    tokenizer: PreTrainedTokenizerFast
    text_of: Tokenizer
    """The tokenizer behind `tokenizer`, which can decode piece by piece."""
    ends: frozenset[int]
    """Tokens that end a reply."""
    context: int
    """Most tokens a slot holds."""

    def begin(self, prompt: list[int], slot: int) -> None:
        """Take a prompt, not empty, to be read into a slot by the coming rounds of `read`."""

    def read(self, *, full: bool) -> dict[int, Tensor] | None:
        """Read the next round of what was begun.

        Args:
            full: only where there is enough for a whole round, which takes hardly longer than a part of one.

        Returns:
            By slot, for each prompt that is now read to its end, the logits of the first token after it, (vocabulary,);
            None where nothing was read.

        """

    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """Append one token to each slot whose position is not -1, which some are; return logits, (slots, vocabulary), up to the last."""

    def states(self, ids: list[int]) -> Tensor:
        """Return the states after the final norm of one text, (tokens, hidden)."""

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of `states`, (tokens, vocabulary)."""

    def place(self, tokens: int, free: Sequence[int]) -> int:
        """Return which of the `free` slots suits a conversation of so many tokens best; the choice concerns speed alone."""

    def release(self, free: Collection[int]) -> None:
        """Give back what was taken by slots that are now `free`, and read no further for them."""
