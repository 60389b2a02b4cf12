"""Choose the next token of each row from its logits; a row's choice depends on that row alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

NUCLEUS = 1024
"""A nucleus is first looked for among this many tokens; the whole vocabulary is sorted only where it is larger."""


class Drawing(Protocol):
    """What of a reply's options concerns a single token (see `generate.Options`)."""

    @property
    def temperature(self) -> float:
        """0 takes the likeliest token."""

    @property
    def top_p(self) -> float:
        """Share of probability that is drawn from."""

    @property
    def logprobs(self) -> int | None:
        """How many likeliest tokens to report; None reports nothing."""


@dataclass(frozen=True)
class Choice:
    """One token, and where they were asked for its log-probability and those of the likeliest tokens."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


@torch.inference_mode()
def choose(logits: Tensor, rows: Sequence[tuple[Drawing, random.Random]]) -> list[Choice]:
    """Return one choice for each row of `logits`, (rows, vocabulary)."""
    likeliest = logits.max(-1).indices.tolist()  # `argmax` takes five times as long
    choices = []
    for index, (options, draw) in enumerate(rows):
        token = likeliest[index] if options.temperature == 0 else _draw(logits[index], options.temperature, options.top_p, draw)
        if options.logprobs is None:
            choices.append(Choice(token))
            continue
        logprobs = torch.log_softmax(logits[index].float(), -1)
        values, ids = logprobs.topk(options.logprobs)
        choices.append(Choice(token, float(logprobs[token]), tuple(zip(ids.tolist(), values.tolist(), strict=True))))
    return choices


def _draw(logits: Tensor, temperature: float, top_p: float, draw: random.Random) -> int:
    """Draw a token: walk along the tokens until their probabilities sum to a random number (inverse transform)."""
    probabilities = torch.softmax(logits.float() / temperature, -1)
    if top_p >= 1:
        total = probabilities.cumsum(-1)
        return _walk(total, draw.random() * float(total[-1]))
    values, ids = probabilities.topk(min(NUCLEUS, len(probabilities)))
    total = values.cumsum(-1)
    if float(total[-1]) < top_p:
        values, ids = probabilities.sort(descending=True, stable=True)
        total = values.cumsum(-1)
    # The nucleus is the smallest set that reaches top_p; the likeliest token is always in it.
    size = min(int(torch.searchsorted(total, top_p)) + 1, len(ids))
    return int(ids[_walk(total[:size], draw.random() * float(total[size - 1]))])


def _walk(total: Tensor, goal: float) -> int:
    return min(int(torch.searchsorted(total, goal, right=True)), len(total) - 1)
