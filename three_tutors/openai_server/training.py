"""The server's training is the project's own fine-tuning, told in the protocol's words.

The server runs each job as `python -m three_tutors.openai_server.training ROOT JOB BASE_MODEL_FOLDER [ADAPTER_FOLDER]`.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from three_tutors.language_model import checkpoints
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.progress import EpochEvent, Event, StepEvent
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.openai_server.job import Listener, Plan, Trained, work
from three_tutors.pipeline.records import Record, read_json

LONGEST = 2048
"""Most tokens of an example; OpenAI cuts longer ones, here they stop the job."""


def train(plan: Plan, listener: Listener) -> Trained | None:
    """Train what `plan` says, or go on with it; None where it was asked to stop before the end."""
    told = Told(listener, "reward" if plan.hyperparameters.method == "dpo" else "mean_token")
    told.replay(plan.work)
    folder = plan.work / "best"
    outcome = finetune(
        plan.base,
        plan.rows,
        plan.validation,
        settings(plan),
        folder=folder,
        scratch=plan.work / "run",
        on_event=told.hear,
        stop=plan.stop,
        checkpoints=True,
        start=plan.start,
    )
    return Trained(outcome.trained_tokens, folder) if outcome.status == "succeeded" else None


def settings(plan: Plan) -> Settings:
    """Return the protocol's hyperparameters as the project's settings; every epoch that was asked for is trained."""
    asked = plan.hyperparameters
    return Settings(
        learning_rate=asked.learning_rate(plan.base),
        epochs=int(asked.n_epochs),
        lora=Lora(r=asked.lora_r, alpha=asked.lora_alpha, dropout=asked.lora_dropout) if asked.lora else None,
        beta=float(asked.beta) if asked.method == "dpo" else None,
        supervision="weight",
        batch_size=int(asked.batch_size),
        max_length=LONGEST,
        early_stopping_patience=0,
        seed=plan.seed,
    )


@dataclass
class Told:
    """Passes on what training says; the last step of an epoch waits for the validation that belongs to it."""

    listener: Listener
    kind: str = "mean_token"
    """What is accurate or not: a `mean_token`, or the `reward` of a preferred reply, which is how much it has gained on the other."""
    steps: dict[int, StepEvent] = field(default_factory=dict)
    reached: int = 0
    """The last step that was passed on."""

    def hear(self, event: Event) -> None:
        """Pass on one event."""
        if isinstance(event, StepEvent):
            self.steps[event.step] = event
            self._pass_on(event.step - 1)
        elif event.epoch == 0:
            self.listener.before(self._validated(event))
        else:
            self._pass_on(event.step - 1)
            last = self.steps.pop(event.step)
            self.reached = event.step
            self.listener.step(last.steps, {**self._learned(last), **self._validated(event)})
            metrics = {"train_loss": event.train_loss, f"train_{self.kind}_accuracy": event.train_accuracy, **self._validated(event)}
            self.listener.epoch(metrics, lambda folder: _move(event, folder))

    def replay(self, work: Path) -> None:
        """Replay events that a killed process may have lost: its checkpoint was complete before the listener was told."""
        states = [folder for folder in sorted((work / "run").glob("state-*")) if (folder / checkpoints.COMPLETE).exists()]
        if not states:
            return
        record: dict[str, Any] = read_json(states[-1] / checkpoints.RECORD)
        steps = [StepEvent(**step) for step in record["steps"]]
        epochs = {int(one["step"]): EpochEvent(**{**one, "checkpoint": Path(one["checkpoint"] or "")}) for one in record["epochs"]}
        for step in steps:
            self.hear(step)
            if step.step in epochs:
                self.hear(epochs[step.step])

    def _pass_on(self, upto: int) -> None:
        for step in range(self.reached + 1, upto + 1):
            event = self.steps.pop(step, None)
            if event is not None:
                self.listener.step(event.steps, self._learned(event))
        self.reached = max(self.reached, upto)

    def _learned(self, event: StepEvent) -> Record:
        return {"step": event.step, "train_loss": event.loss, f"train_{self.kind}_accuracy": event.accuracy}

    def _validated(self, event: EpochEvent) -> Record:
        """Return the validation after `event`; it is always over the whole file, so `full_` is the same."""
        if event.valid_loss is None:
            return {"step": event.step}
        accuracy = event.valid_accuracy
        return {
            "step": event.step,
            "valid_loss": event.valid_loss,
            f"valid_{self.kind}_accuracy": accuracy,
            "full_valid_loss": event.valid_loss,
            f"full_valid_{self.kind}_accuracy": accuracy,
        }


def _move(event: EpochEvent, folder: Path) -> None:
    assert event.checkpoint is not None  # noqa: S101 - `checkpoints=True` leaves one an epoch
    shutil.move(event.checkpoint, folder)


if __name__ == "__main__":
    work(train, sys.argv[1:])
