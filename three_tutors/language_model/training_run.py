"""A training run: its steps and epochs, and the state on disk that it goes on from after a stop."""

from __future__ import annotations

import ctypes
import math
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Generic, TypeVar

import torch

from three_tutors.language_model import adapters
from three_tutors.language_model import checkpoints as training_state
from three_tutors.language_model.learner import Learner, Sums
from three_tutors.language_model.processes import Processes
from three_tutors.language_model.progress import EpochEvent, Event, StepEvent
from three_tutors.language_model.settings import Settings
from three_tutors.language_model.steps import batches, learning_rate, portions
from three_tutors.language_model.supervision import Unit
from three_tutors.language_model.weights import check_finite
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import write_json

LOWER = "lower the learning rate"
STATE_SECONDS = 600.0
"""A state is written after an epoch, and after a step where the last is this old: a kill costs no more."""
U = TypeVar("U", bound=Unit)


class TrainingRun(Generic[U]):
    """A training run under way."""

    def __init__(
        self,
        learner: Learner[U],
        train: Sequence[U],
        validation: Sequence[U],
        settings: Settings,
        base_digest: str,
        *,
        scratch: Path,
        checkpoints: bool,
        on_event: Callable[[Event], object],
        processes: Processes,
    ) -> None:
        """Begin before the first step; see `finetune` for the options."""
        self.learner, self.training, self.validation, self.settings = learner, train, validation, settings
        self.base_digest = base_digest
        self.scratch, self.checkpoints, self.on_event = scratch, checkpoints, on_event
        self.processes = processes
        self.optimiser = torch.optim.AdamW(
            list(learner.parameters.values()), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.per_epoch = math.ceil(len(train) / settings.batch_size)
        self.steps: list[StepEvent] = []
        self.epochs: list[EpochEvent] = []
        self.fingerprint = ""
        self.read_tokens, self.train_seconds = 0, 0.0
        self.written = time.monotonic()

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss so far; 0 before the first."""
        return next((event.epoch for event in reversed(self.epochs) if event.best and event.epoch), 0)

    def resume(self, fingerprint: str) -> None:
        """Go on from the last complete state in the scratch folder, if it belongs to this very run.

        Raises:
            TutorError: the processes do not see the same folder.

        """
        self.fingerprint = fingerprint
        found = training_state.latest(self.scratch, fingerprint)
        if len(set(self.processes.gathered(training_state.step(found) if found else 0))) > 1:
            raise TutorError(f"The processes find different states in {self.scratch}; run them where they share one disk.")
        if found is None:
            if self.processes.first:
                shutil.rmtree(self.scratch, ignore_errors=True)
            return
        record = training_state.read(found, self.learner.parameters, self.optimiser)
        self.learner.refresh()
        self.steps = [StepEvent(**step) for step in record["steps"]]
        self.epochs = [EpochEvent(**{**epoch, "checkpoint": _path(epoch["checkpoint"])}) for epoch in record["epochs"]]

    def train(self, stop: Callable[[], bool]) -> bool:
        """Run to the end; False where `stop` said so before, in any process."""
        if not self.epochs:
            self._validate(epoch=0)
        while not self._over():
            epoch = len(self.steps) // self.per_epoch + 1
            todo = batches(self.training, self.settings, epoch)[len(self.steps) % self.per_epoch :]
            for batch in todo:
                self._step(batch, epoch)
                if len(self.steps) % self.per_epoch == 0:
                    self._validate(epoch)
                if any(self.processes.gathered(stop())) and not self._over():
                    if self.processes.first:
                        self._write()
                    return False
                if self.processes.first and time.monotonic() - self.written > STATE_SECONDS:
                    self._write()
        return True

    def _over(self) -> bool:
        done, patience = self.epochs[-1].epoch, self.settings.early_stopping_patience
        waited = done - self.best_epoch
        return done >= self.settings.epochs or (bool(self.validation) and 0 < patience <= waited and done > 0)

    def _step(self, batch: list[U], epoch: int) -> None:
        started = time.monotonic()
        step, steps = len(self.steps), self.per_epoch * self.settings.epochs
        # Seeded at every step, so that a resumed run draws the same dropout as an unbroken one; each process draws its own.
        torch.manual_seed(self.settings.seed * 1_000_003 + step + (self.processes.rank << 40))
        rate = learning_rate(self.settings, step, steps)
        tokens = sum(example.supervised for example in batch)
        share = self.processes.share(batch)
        total = self.processes.add(self.learner.accumulate(self._parts(share), 1 / tokens))
        _check_finite(total.loss, f"The loss of step {step + 1}", LOWER)
        self.processes.add_gradients(self.learner.parameters.values())
        norm = torch.nn.utils.clip_grad_norm_(self.learner.parameters.values(), self.settings.max_gradient_norm, foreach=True)
        _check_finite(float(norm), f"The length of the gradients of step {step + 1}", LOWER)
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
        self._tell(event)

    def _validate(self, epoch: int) -> None:
        measured = self._measure(self.validation)
        when, advice = (f"after epoch {epoch}", LOWER) if epoch else ("before training", "take another base model")
        _check_finite(measured.loss, f"The validation loss {when}", advice)
        if epoch:
            check_finite(self.learner.parameters, f"Weights {when}", LOWER)
            steps = self.steps[-self.per_epoch :]
            tokens = sum(step.tokens for step in steps)
            loss, accuracy = (sum(getattr(step, name) * step.tokens for step in steps) / tokens for name in ("loss", "accuracy"))
        else:
            first = self._measure(batches(self.training, self.settings, 1)[0])
            _check_finite(first.loss, f"The training loss {when}", advice)
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
        self.epochs.append(event)
        if self.processes.first and epoch:
            self._keep(event)
        self._tell(event)

    def _measure(self, examples: Sequence[U]) -> Sums:
        return self.processes.add(self.learner.measure(self._parts(self.processes.share(examples))))

    def _parts(self, examples: Sequence[U]) -> list[list[U]]:
        return portions(examples, self.learner.tokens_at_once, self.learner.parts_at_once)

    def _tell(self, event: Event) -> None:
        if self.processes.first:
            self.on_event(event)

    def _keep(self, event: EpochEvent) -> None:
        """Write the model where it is the best or wanted as a checkpoint, then the state; remove the model that was the best before."""
        if event.best:
            self._export(self.scratch / f"best-{event.epoch}")
        if event.checkpoint:
            self._export(event.checkpoint)
        self._write()
        for old in self.scratch.glob("best-*"):
            if old.name != f"best-{self.best_epoch}":
                shutil.rmtree(old)

    def _export(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.learner.export(folder)
        if self.settings.lora is not None:
            write_json(folder / adapters.ORIGIN, {"base_digest": self.base_digest})

    def _write(self) -> None:
        epochs = [{**asdict(event), "checkpoint": str(event.checkpoint) if event.checkpoint else None} for event in self.epochs]
        record = {"fingerprint": self.fingerprint, "steps": [asdict(step) for step in self.steps], "epochs": epochs}
        training_state.write(self.scratch, len(self.steps), self.learner.parameters, self.optimiser, record)
        self.written = time.monotonic()


def _check_finite(value: float, name: str, advice: str) -> None:
    if not math.isfinite(value):
        raise TutorError(f"{name} is not a finite number; {advice}.")


def give_back_memory() -> None:
    """Return freed memory to the system.

    Conversations differ in length, so freed activations leave holes of odd sizes: without this, training every weight of the
    embedded model takes twice the memory that it uses. Only glibc can do it; elsewhere nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
