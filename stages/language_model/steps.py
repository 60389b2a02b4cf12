"""The steps of a fine-tuning: which conversations each of them learns, in which portions, and how far it goes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from stages.language_model.settings import Settings
from stages.language_model.supervision import Example


def learning_rate(settings: Settings, step: int, steps: int) -> float:
    """Return the learning rate of `step` (counted from 0) of `steps`: linear warm-up, then the schedule down to 0."""
    warmup = math.ceil(settings.warmup * steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    share = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}[settings.schedule]
    return settings.learning_rate * share


def batches(train: Sequence[Example], settings: Settings, epoch: int) -> list[list[Example]]:
    """Return the steps of one epoch: all examples in an order that seed and epoch decide."""
    order = list(train)
    random.Random(f"{settings.seed}/{epoch}").shuffle(order)
    return [order[first : first + settings.batch_size] for first in range(0, len(order), settings.batch_size)]


def portions(batch: Sequence[Example], tokens: int) -> Iterator[list[Example]]:
    """Split a step into parts of at most `tokens` tokens (a longer example is a part of its own), longest first."""
    part: list[Example] = []
    for example in sorted(batch, key=lambda example: -len(example.ids)):
        if part and sum(len(other.ids) for other in part) + len(example.ids) > tokens:
            yield part
            part = []
        part.append(example)
    if part:
        yield part
