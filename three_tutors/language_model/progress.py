"""The events of a fine-tuning, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from three_tutors.pipeline.records import Record


@dataclass(frozen=True)
class StepEvent:
    """One step of the optimiser."""

    step: int
    """Counted from 1."""
    steps: int
    """Of the whole run, if it does not stop early."""
    epoch: int
    learning_rate: float
    loss: float
    """Mean over the step's learned tokens, before the step."""
    accuracy: float
    tokens: int
    """Learned tokens of the step."""


@dataclass(frozen=True)
class EpochEvent:
    """One pass over the training rows; epoch 0 is the model before training."""

    epoch: int
    step: int
    train_loss: float
    """Mean over the epoch's learned tokens; of epoch 0, over the first step's."""
    train_accuracy: float
    valid_loss: float | None
    """Mean over all learned tokens of the validation rows; None without validation rows."""
    valid_accuracy: float | None
    best: bool
    """Whether this is the lowest validation loss so far (without validation rows, simply the last epoch)."""
    checkpoint: Path | None = None


Event = StepEvent | EpochEvent


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    status: Literal["succeeded", "stopped"]
    steps: list[StepEvent] = field(repr=False)
    epochs: list[EpochEvent]
    best_epoch: int
    stopped_early: bool
    audit: Record = field(repr=False)
    """See `supervision.audit`, of the training rows."""
    trained_tokens: int
    """Tokens read, learned or not, times epochs."""
    seconds: float
    """Of this call. It differs from run to run: no output that others depend on may hold it."""
    tokens_per_second: float
    """Of this call's training steps, learned or not."""
