"""The protocol of a model that answers: it has a number of slots, each of which holds one conversation."""

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
        """Take a prompt, not empty, into a slot; the coming rounds of `prefill` run it through the model."""

    def prefill(self, *, full: bool) -> dict[int, Tensor] | None:
        """Prefill one round of the prompts begun.

        Args:
            full: run only a complete round (a partial one takes almost as long).

        Returns:
            By slot, the next-token logits, (vocabulary,), of each prompt that is finished; None if nothing ran.

        """

    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """Append a token to each slot whose position is not -1, at least one; return logits, (slots, vocabulary), up to the last."""

    def states(self, texts: Sequence[tuple[list[int], int]]) -> list[Tensor]:
        """Return the states after the final norm of some texts, each from a token on, (tokens, hidden).

        A beginning that several texts share is computed once where the backend can; only while no conversation is under way.
        """

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of `states`, (tokens, vocabulary)."""

    def place(self, tokens: int, free: Sequence[int]) -> int:
        """Return which of the `free` slots suits a conversation of so many tokens best; only speed depends on it."""

    def release(self, free: Collection[int]) -> None:
        """Forget prompts that were begun in slots that are now `free`, and give back their memory."""
