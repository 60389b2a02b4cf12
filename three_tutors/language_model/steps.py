"""The steps of a fine-tuning: their conversations, how these are split into portions, and the learning rate."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from three_tutors.language_model.settings import Settings
from three_tutors.language_model.supervision import Unit

T = TypeVar("T")
U = TypeVar("U", bound=Unit)


def learning_rate(settings: Settings, step: int, steps: int) -> float:
    """Return the learning rate of `step` (counted from 0) of `steps`: linear warm-up, then the schedule down to 0."""
    warmup = math.ceil(settings.warmup * steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    share = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}[settings.schedule]
    return settings.learning_rate * share


def batches(train: Sequence[U], settings: Settings, epoch: int) -> list[list[U]]:
    """Return the steps of one epoch: all examples in an order that seed and epoch decide."""
    order = list(train)
    random.Random(f"{settings.seed}/{epoch}").shuffle(order)
    return [order[first : first + settings.batch_size] for first in range(0, len(order), settings.batch_size)]


def portions(batch: Sequence[U], tokens: int, at_least: int = 1) -> list[list[U]]:
    """Split a step into a multiple of `at_least` parts of about `tokens` tokens or less, all about as long, where it has so many."""
    needed = math.ceil(sum(len(example.ids) for example in batch) / tokens)
    count = min(len(batch), math.ceil(needed / at_least) * at_least)
    return dealt(batch, count, lambda example: len(example.ids))


def dealt(things: Sequence[T], count: int, size: Callable[[T], int]) -> list[list[T]]:
    """Deal `things` out, the largest first, each to the one who has least so far."""
    shares: list[list[T]] = [[] for _ in range(count)]
    sums = [0] * count
    for thing in sorted(things, key=size, reverse=True):
        least = sums.index(min(sums))
        shares[least].append(thing)
        sums[least] += size(thing)
    return shares
