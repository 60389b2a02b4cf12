"""Fine-tune a model on conversations. A run that was stopped or killed goes on, and ends with the bytes of an unbroken one.

    outcome = finetune(
        Path("models/base"), train_rows, validation_rows,      # rows as formats.hugging_face_row or openai_row
        Settings(learning_rate=1e-3, epochs=3, lora=Lora(r=16)),   # lora=None learns every weight
        folder=Path("models/lora"),                             # new; the best checkpoint's model or adapter
        scratch=Path(".cache/train_lora"),                      # survives a kill; the next call goes on from it
        on_event=print, stop=lambda: False,
    )

`on_event` gets a `StepEvent` after every step and an `EpochEvent` after every epoch; `checkpoints=True` leaves each
epoch's model in `<scratch>/checkpoints/<epoch>`, ready for `Generator`. When `stop()` is true after a step, the state is
written and the outcome's `status` is `stopped`; calling again with the same arguments goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from three_tutors.language_model import base as base_model
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.processes import ALONE, Processes
from three_tutors.language_model.progress import Event, Outcome
from three_tutors.language_model.settings import Settings
from three_tutors.language_model.supervision import Example, audit, examples
from three_tutors.language_model.training_run import TrainingRun
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record


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
    processes: Processes = ALONE,
) -> Outcome:
    """Train on `train_rows`, choose the epoch by `validation_rows`, write the model or adapter into the new `folder`.

    Called alike in several `processes`, each learns a share of every step, and the first writes; they share one disk.

    Raises:
        DataError: a row would be cut, nothing of it is learned, or there are no rows.
        TutorError: a loss, gradient or weight is not a finite number, or `base` holds no model.

    """
    if not train_rows:
        raise DataError("There is nothing to train on; give at least one conversation.")
    tokenizer = base_model.load_tokenizer(base)
    train = examples(tokenizer, train_rows, settings.supervision, settings.max_length)
    validation = examples(tokenizer, validation_rows, settings.supervision, settings.max_length)
    run = TrainingRun(
        load_learner(base, settings),
        train,
        validation,
        settings,
        base_model.digest(base),
        scratch=scratch,
        checkpoints=checkpoints,
        on_event=on_event,
        processes=processes,
    )
    run.resume(_fingerprint(run.base_digest, train, validation, settings, processes.count))
    started = time.monotonic()
    finished = run.train(stop)
    seconds = time.monotonic() - started
    processes.gathered(0)
    if finished and processes.first:
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


def _fingerprint(base_digest: str, train: list[Example], validation: list[Example], settings: Settings, count: int) -> str:
    """Return a digest of everything that decides the result, so that a state is never taken for another run's."""
    parts: list[Any] = [base_digest, [asdict(example) for example in [*train, *validation]], len(train), asdict(settings)]
    if count > 1:  # sums in another order round differently
        parts.append(count)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
