"""Choose the next token of each row from its logits; a row's choice depends on that row alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from three_tutors.language_model.replies import Options

NUCLEUS = 1024
"""The nucleus is looked for among this many tokens first; the whole vocabulary is sorted only where it is larger."""


@dataclass(frozen=True)
class Choice:
    """One token and, where asked for, its log-probability and those of the likeliest tokens."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


@torch.inference_mode()
def choose(logits: Tensor, rows: Sequence[tuple[Options, random.Random]]) -> list[Choice]:
    """Return one choice for each row of `logits`, (rows, vocabulary)."""
    likeliest = logits.max(-1).indices.tolist()  # `argmax` takes five times as long
    choices = []
    for index, (options, rng) in enumerate(rows):
        token = likeliest[index] if options.temperature == 0 else _draw(logits[index], options.temperature, options.top_p, rng)
        if options.logprobs is None:
            choices.append(Choice(token))
            continue
        logprobs = torch.log_softmax(logits[index].float(), -1)
        values, ids = logprobs.topk(options.logprobs)
        choices.append(Choice(token, float(logprobs[token]), tuple(zip(ids.tolist(), values.tolist(), strict=True))))
    return choices


def _draw(logits: Tensor, temperature: float, top_p: float, rng: random.Random) -> int:
    """Draw a token: walk along the tokens until their probabilities sum to a random number (inverse transform)."""
    probabilities = torch.softmax(logits.float() / temperature, -1)
    if top_p >= 1:
        total = probabilities.cumsum(-1)
        return _walk(total, rng.random() * float(total[-1]))
    values, ids = probabilities.topk(min(NUCLEUS, len(probabilities)))
    total = values.cumsum(-1)
    if float(total[-1]) < top_p:
        values, ids = probabilities.sort(descending=True, stable=True)
        total = values.cumsum(-1)
    # The nucleus is the smallest set that reaches top_p; the likeliest token is always in it.
    size = min(int(torch.searchsorted(total, top_p)) + 1, len(ids))
    return int(ids[_walk(total[:size], rng.random() * float(total[size - 1]))])


def _walk(total: Tensor, goal: float) -> int:
    return min(int(torch.searchsorted(total, goal, right=True)), len(total) - 1)
