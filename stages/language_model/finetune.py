"""Fine-tune a model on conversations, so that it can be stopped, killed and resumed, and always ends with the same bytes.

    outcome = finetune(
        Path("models/base"), train_rows, validation_rows,      # rows as formats.hugging_face_row or openai_row
        Settings(learning_rate=1e-3, epochs=3, lora=Lora(r=16)),   # lora=None learns every weight
        folder=Path("models/lora"),                             # new; the best checkpoint's model or adapter
        scratch=Path(".cache/train_lora"),                      # survives a kill; the next call goes on from it
        on_event=print, stop=lambda: False,
    )

`on_event` gets a `StepEvent` after every step and an `EpochEvent` after every epoch; `checkpoints=True` leaves each
epoch's model in `<scratch>/checkpoints/<epoch>`, ready for `Generator`. When `stop()` is true after a step, the state is
written down and the outcome's `status` is `stopped`; calling again with the same arguments goes on from there.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from stages.language_model import adapters
from stages.language_model import base as base_model
from stages.language_model import checkpoints as training_state
from stages.language_model.learner import Learner, Sums, load_learner
from stages.language_model.settings import Settings
from stages.language_model.supervision import Example, audit, examples
from stages.tutoring.diagnostics import DataError, TutorError
from stages.tutoring.records import Record, write_json


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
    """What a run ended with."""

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
    """Of this call; differs from run to run, so keep it out of what others depend on."""
    tokens_per_second: float
    """Of this call's training steps, learned or not."""


def finetune(
    base: Path,
    train_rows: Sequence[Record],
    validation_rows: Sequence[Record],
    settings: Settings,
    *,
    folder: Path,
    scratch: Path,
    on_event: Callable[[Event], object] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    checkpoints: bool = False,
) -> Outcome:
    """Train on `train_rows`, choose the epoch by `validation_rows`, write the model or adapter into the new `folder`.

    Raises:
        DataError: a row would be cut, nothing of it is learned, or there are no rows.
        TutorError: the loss is not a number, or `base` holds no model.

    """
    if not train_rows:
        raise DataError("There is nothing to train on; give at least one conversation.")
    tokenizer = base_model.load_tokenizer(base)
    train = examples(tokenizer, train_rows, settings.supervision, settings.max_length)
    validation = examples(tokenizer, validation_rows, settings.supervision, settings.max_length)
    run = _Run(
        load_learner(base, settings),
        train,
        validation,
        settings,
        base_model.digest(base),
        scratch=scratch,
        checkpoints=checkpoints,
        on_event=on_event,
    )
    run.resume(_fingerprint(run.base_digest, train, validation, settings))
    started = time.monotonic()
    finished = run.train(stop)
    seconds = time.monotonic() - started
    if finished:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(scratch / f"best-{run.best_epoch}", folder, dirs_exist_ok=True)
        if not checkpoints:
            shutil.rmtree(scratch)
    tokens = sum(len(example.ids) for example in train)
    return Outcome(
        status="succeeded" if finished else "stopped",
        steps=run.steps,
        epochs=run.epochs,
        best_epoch=run.best_epoch,
        stopped_early=finished and run.epochs[-1].epoch < settings.epochs,
        audit=audit(tokenizer, train),
        trained_tokens=tokens * run.epochs[-1].epoch,
        seconds=seconds,
        tokens_per_second=run.read_tokens / run.train_seconds if run.train_seconds else 0.0,
    )


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
    yield part


def give_back_memory() -> None:
    """Return freed memory to the system.

    Conversations differ in length, so freed activations leave holes of odd sizes; without this, full fine-tuning of the
    embedded model grows to twice what it uses. Only glibc knows how; elsewhere nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class _Run:
    """A run under way: what has been done, and what is needed to go on."""

    def __init__(
        self,
        learner: Learner,
        train: list[Example],
        validation: list[Example],
        settings: Settings,
        base_digest: str,
        *,
        scratch: Path,
        checkpoints: bool,
        on_event: Callable[[Event], object],
    ) -> None:
        self.learner, self.training, self.validation, self.settings = learner, train, validation, settings
        self.base_digest = base_digest
        self.scratch, self.checkpoints, self.on_event = scratch, checkpoints, on_event
        self.optimiser = torch.optim.AdamW(
            list(learner.parameters.values()), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.per_epoch = math.ceil(len(train) / settings.batch_size)
        self.steps: list[StepEvent] = []
        self.epochs: list[EpochEvent] = []
        self.fingerprint = ""
        self.read_tokens, self.train_seconds = 0, 0.0

    @property
    def best_epoch(self) -> int:
        return next((event.epoch for event in reversed(self.epochs) if event.best and event.epoch), 0)

    def resume(self, fingerprint: str) -> None:
        """Go on from the last complete state in the scratch folder, if it belongs to this very run."""
        self.fingerprint = fingerprint
        found = training_state.latest(self.scratch, fingerprint)
        if found is None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            return
        record = training_state.read(found, self.learner.parameters, self.optimiser)
        self.learner.refresh()
        self.steps = [StepEvent(**step) for step in record["steps"]]
        self.epochs = [EpochEvent(**{**epoch, "checkpoint": _path(epoch["checkpoint"])}) for epoch in record["epochs"]]

    def train(self, stop: Callable[[], bool]) -> bool:
        """Run to the end; False when `stop` said so before."""
        if not self.epochs:
            self._validate(epoch=0)
        while not self._over():
            epoch = len(self.steps) // self.per_epoch + 1
            todo = batches(self.training, self.settings, epoch)[len(self.steps) % self.per_epoch :]
            for batch in todo:
                self._step(batch, epoch)
                if len(self.steps) % self.per_epoch == 0:
                    self._validate(epoch)
                if stop() and not self._over():
                    self._write()
                    return False
        return True

    def _over(self) -> bool:
        done, patience = self.epochs[-1].epoch, self.settings.early_stopping_patience
        waited = done - self.best_epoch
        return done >= self.settings.epochs or (bool(self.validation) and 0 < patience <= waited and done > 0)

    def _step(self, batch: list[Example], epoch: int) -> None:
        started = time.monotonic()
        step, steps = len(self.steps), self.per_epoch * self.settings.epochs
        # Dropout of a resumed run is that of an unbroken one.
        torch.manual_seed(self.settings.seed * 1_000_003 + step)
        rate = learning_rate(self.settings, step, steps)
        tokens = sum(example.supervised for example in batch)
        parts = [self.learner.accumulate(part, 1 / tokens) for part in portions(batch, self.learner.tokens_at_once)]
        total = sum(parts, Sums())
        if not math.isfinite(total.loss):
            raise TutorError(f"The loss of step {step + 1} is not a number; lower the learning rate.")
        torch.nn.utils.clip_grad_norm_(self.learner.parameters.values(), self.settings.max_gradient_norm, foreach=True)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        for parameter in self.learner.parameters.values():
            if parameter.grad is not None:
                parameter.grad.zero_()
        self.learner.refresh()
        give_back_memory()
        self.read_tokens += sum(len(example.ids) for example in batch)
        self.train_seconds += time.monotonic() - started
        event = StepEvent(step + 1, steps, epoch, rate, total.mean_loss, total.accuracy, total.tokens)
        self.steps.append(event)
        self.on_event(event)

    def _validate(self, epoch: int) -> None:
        measured = Sums()
        for part in portions(self.validation, self.learner.tokens_at_once) if self.validation else ():
            measured += self.learner.measure(part)
        if epoch:
            steps = self.steps[-self.per_epoch :]
            tokens = sum(step.tokens for step in steps)
            loss, accuracy = (sum(getattr(step, name) * step.tokens for step in steps) / tokens for name in ("loss", "accuracy"))
        else:
            first = Sums()
            for part in portions(batches(self.training, self.settings, 1)[0], self.learner.tokens_at_once):
                first += self.learner.measure(part)
            loss, accuracy = first.mean_loss, first.accuracy
        earlier = [event.valid_loss for event in self.epochs if event.epoch and event.valid_loss is not None]
        best = epoch > 0 and (not self.validation or measured.mean_loss < min(earlier, default=math.inf))
        kept = self.scratch / "checkpoints" / str(epoch) if self.checkpoints and epoch else None
        event = EpochEvent(
            epoch=epoch,
            step=len(self.steps),
            train_loss=loss,
            train_accuracy=accuracy,
            valid_loss=measured.mean_loss if self.validation else None,
            valid_accuracy=measured.accuracy if self.validation else None,
            best=best,
            checkpoint=kept,
        )
        if best:
            self._export(self.scratch / f"best-{epoch}")
        if kept:
            self._export(kept)
        self.epochs.append(event)
        if epoch:
            self._write()
            for old in self.scratch.glob("best-*"):
                if old.name != f"best-{self.best_epoch}":
                    shutil.rmtree(old)
        self.on_event(event)

    def _export(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.learner.export(folder)
        if self.settings.lora is not None:
            write_json(folder / adapters.ORIGIN, {"base_digest": self.base_digest})

    def _write(self) -> None:
        epochs = [{**asdict(event), "checkpoint": str(event.checkpoint) if event.checkpoint else None} for event in self.epochs]
        record = {"fingerprint": self.fingerprint, "steps": [asdict(step) for step in self.steps], "epochs": epochs}
        training_state.write(self.scratch, len(self.steps), self.learner.parameters, self.optimiser, record)


def _fingerprint(base_digest: str, train: list[Example], validation: list[Example], settings: Settings) -> str:
    """Return a digest of everything that decides the result, so that a state is never taken for another run's."""
    parts: list[Any] = [base_digest, [asdict(example) for example in [*train, *validation]], len(train), settings.to_record()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
