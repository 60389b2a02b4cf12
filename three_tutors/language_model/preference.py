"""Learning from preferences: of two replies to one conversation, the preferred one becomes likelier than the other.

Direct preference optimisation (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290). For a pair with log-probabilities
log p of the preferred and the other reply, and the same of the model as it was before training (the reference),

    gain = (log p(preferred) - log p_ref(preferred)) - (log p(other) - log p_ref(other))
    loss = -log sigmoid(beta * gain)

Its gradient is the one of weighted likelihoods: w times that of the preferred reply's negative log-likelihood minus w times
that of the other's, with w = beta * sigmoid(-beta * gain). So any learner of conversations learns from pairs, each reply by its own
weight; the log-probabilities that the weights need take one more forward pass, without dropout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from three_tutors.language_model import chat_template
from three_tutors.language_model.learner import ExampleLearner, Sums
from three_tutors.language_model.supervision import Example
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class Pair:
    """One conversation with two replies, of which one is preferred."""

    id: str
    preferred: Example
    other: Example
    reference: float = 0.0
    """log p_ref(preferred) - log p_ref(other), in nats."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Every token that is read, of both."""
        return self.preferred.ids + self.other.ids

    @property
    def supervised(self) -> int:
        """A mean counts pairs."""
        return 1


def pairs(tokenizer: PreTrainedTokenizerFast, rows: Sequence[Record], max_length: int) -> list[Pair]:
    """Return `rows` (from `pairs.row`) as pairs.

    Raises:
        DataError: lists every row that would be cut, or whose replies are the same.

    """
    made, problems = [], []
    for number, row in enumerate(rows, start=1):
        name = str(row.get("id", f"row {number}"))
        try:
            two = [
                _example(tokenizer, name, [*row["input"]["messages"], *row[key]]) for key in ("preferred_output", "non_preferred_output")
            ]
        except DataError as error:
            problems.append(f"{name}: {error}")
            continue
        longest = max(len(one.ids) for one in two)
        if longest > max_length:
            problems.append(
                f"{name}: has {longest} tokens and would be cut at max_length {max_length}; raise it or shorten the conversation."
            )
        if two[0] == two[1]:
            problems.append(f"{name}: both replies are the same, so there is nothing to prefer.")
        made.append(Pair(name, two[0], two[1]))
    if problems:
        raise DataError("Nothing was trained:\n" + "\n".join(problems))
    return made


def both(made: Sequence[Pair]) -> list[Example]:
    """Return the conversations of all pairs, the preferred one before the other."""
    return list(chain.from_iterable((pair.preferred, pair.other) for pair in made))


def referred(learner: ExampleLearner, made: Sequence[Pair]) -> list[Pair]:
    """Return the pairs with what `learner`, as it is now, finds of them."""
    return [replace(pair, reference=margin) for pair, margin in zip(made, _margins(learner, made), strict=True)]


class PairLearner:
    """Lets a learner of conversations learn from pairs; its sums are over pairs, and a pair is correct where the gain is above 0."""

    def __init__(self, learner: ExampleLearner, beta: float) -> None:
        """Take the learner; the higher `beta`, the closer it stays to the reference."""
        self.learner, self.beta = learner, beta
        self.parameters: dict[str, Tensor] = learner.parameters
        self.tokens_at_once, self.parts_at_once = learner.tokens_at_once, learner.parts_at_once

    def accumulate(self, parts: Sequence[Sequence[Pair]], weight: float) -> Sums:
        """See `Learner`."""
        made = list(chain.from_iterable(parts))
        gains = self._gains(made)
        weights = (self.beta * _sigmoid(-self.beta * gain) for gain in gains)
        weighted = iter([_weighted(pair, one) for pair, one in zip(made, weights, strict=True)])
        self.learner.accumulate([both([next(weighted) for _ in part]) for part in parts], weight)
        return self._sums(gains)

    def measure(self, parts: Sequence[Sequence[Pair]]) -> Sums:
        """See `Learner`."""
        return self._sums(self._gains(list(chain.from_iterable(parts))))

    def refresh(self) -> None:
        """See `Learner`."""
        self.learner.refresh()

    def export(self, folder: Path) -> None:
        """See `Learner`."""
        self.learner.export(folder)

    def _gains(self, made: Sequence[Pair]) -> list[float]:
        return [margin - pair.reference for pair, margin in zip(made, _margins(self.learner, made), strict=True)]

    def _sums(self, gains: Sequence[float]) -> Sums:
        return Sums(sum(_loss(self.beta * gain) for gain in gains), sum(gain > 0 for gain in gains), len(gains))


def _margins(learner: ExampleLearner, made: Sequence[Pair]) -> list[float]:
    losses = learner.losses(both(made))
    return [other - preferred for preferred, other in zip(losses[::2], losses[1::2], strict=True)]


def _weighted(pair: Pair, weight: float) -> Pair:
    return replace(pair, preferred=replace(pair.preferred, weight=weight), other=replace(pair.other, weight=-weight))


def _example(tokenizer: PreTrainedTokenizerFast, name: str, messages: Sequence[Message]) -> Example:
    """Return a conversation of which only the last turn counts; nothing is read after it."""
    ids, spans = chat_template.encode_with_spans(tokenizer, messages)
    end = spans[-1][1]
    return Example(name, tuple(ids[:end]), (spans[-1],))


def _sigmoid(number: float) -> float:
    low = math.exp(-abs(number))
    return (1 if number >= 0 else low) / (1 + low)


def _loss(number: float) -> float:
    """Return -log sigmoid(number)."""
    return max(-number, 0.0) + math.log1p(math.exp(-abs(number)))
