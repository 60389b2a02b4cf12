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
    learning_rate: float
    """The highest one that was asked for."""

    def __str__(self) -> str:
        """Return the end of the run in one line, as a stage prints it."""
        loss = self.epochs[self.best_epoch].valid_loss
        return f"epoch {self.best_epoch} of {self.epochs[-1].epoch}, validation loss {loss}, {self.tokens_per_second:.0f} tokens/s"


def tell(event: Event) -> None:
    """Print a line an epoch, and one every fifth step."""
    if isinstance(event, EpochEvent):
        validated = "" if event.valid_loss is None else f", validation loss {event.valid_loss:.3f}"
        print(f"epoch {event.epoch}: train loss {event.train_loss:.3f}{validated}", flush=True)
    elif event.step % 5 == 0:
        print(f"  step {event.step} of {event.steps}: loss {event.loss:.3f}", flush=True)


def metrics(outcome: Outcome) -> Record:
    """Return the figures that are the same whenever the stage runs again."""
    before, best = outcome.epochs[0], outcome.epochs[outcome.best_epoch]
    return {
        "best_epoch": outcome.best_epoch,
        "epochs": outcome.epochs[-1].epoch,
        "learning_rate": outcome.learning_rate,
        "stopped_early": outcome.stopped_early,
        "steps": len(outcome.steps),
        "train_loss": round(best.train_loss, 4),
        "valid_loss": None if best.valid_loss is None else round(best.valid_loss, 4),
        "valid_loss_before": None if before.valid_loss is None else round(before.valid_loss, 4),
        "valid_accuracy": None if best.valid_accuracy is None else round(best.valid_accuracy, 4),
        "trained_tokens": outcome.trained_tokens,
        **{f"supervision_{name}": outcome.audit[name] for name in ("tokens", "tokens_supervised", "share_supervised", "turns_learned")},
    }


def curve(outcome: Outcome) -> str:
    """Return one line a step, with the validation loss after the last step of each epoch, as `dvc plots` reads it."""
    ends = {event.step: event for event in outcome.epochs}
    lines = ["step,train_loss,train_accuracy,valid_loss,valid_accuracy"]
    lines.append(_line(0, ends[0].train_loss, ends[0].train_accuracy, ends[0]))
    lines += [_line(event.step, event.loss, event.accuracy, ends.get(event.step)) for event in outcome.steps]
    return "\n".join(lines) + "\n"


def _line(step: int, loss: float, accuracy: float, end: EpochEvent | None) -> str:
    values = (loss, accuracy, end.valid_loss if end else None, end.valid_accuracy if end else None)
    return ",".join([str(step), *("" if value is None else f"{value:.6g}" for value in values)])
