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

With `Settings(beta=0.1)` the rows are preferences (`pairs.row`) and what is learned is which of two replies to say (see
`preference`). `start` is an adapter to be trained further, a supervised tutor for example; the reference is the model with it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from three_tutors.language_model import adapters, preference
from three_tutors.language_model import base as base_model
from three_tutors.language_model.learner import ExampleLearner
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.preference import Pair, PairLearner
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
    start: Path | None = None,
) -> Outcome:
    """Train on `train_rows`, choose the epoch by `validation_rows`, write the model or adapter into the new `folder`.

    With `start`, the adapter is one like it, whatever `settings.lora` says of its shape. Called alike in several `processes`, each
    learns a share of every step, and the first writes; they share one disk.

    Raises:
        DataError: a row would be cut, nothing of it is learned, or there are no rows.
        TutorError: a loss, gradient or weight is not a finite number, `base` holds no model, or `start` is no adapter of it.

    """
    if not train_rows:
        raise DataError("There is nothing to train on; give at least one conversation.")
    tokenizer = base_model.load_tokenizer(base)
    if start is not None:
        adapters.check(start, base)
        settings = replace(settings, lora=adapters.trained_as(start, settings.lora))
    rows = (train_rows, validation_rows)
    digests = [base_model.digest(folder) for folder in (base, start) if folder is not None]
    options: dict[str, Any] = {"scratch": scratch, "checkpoints": checkpoints, "on_event": on_event, "processes": processes}
    run: TrainingRun[Example] | TrainingRun[Pair]
    if settings.beta is None:
        train, validation = (examples(tokenizer, some, settings.supervision, settings.max_length) for some in rows)
        run, read = TrainingRun(_learner(base, start, settings), train, validation, settings, digests[0], **options), train
    else:
        chosen, held_out = (preference.pairs(tokenizer, some, settings.max_length) for some in rows)
        learner = _learner(base, start, settings)
        chosen, held_out = (preference.referred(learner, some) for some in (chosen, held_out))
        run = TrainingRun(PairLearner(learner, settings.beta), chosen, held_out, settings, digests[0], **options)
        read = preference.both(chosen)
    run.resume(_fingerprint(digests, [*run.training, *run.validation], len(run.training), settings, processes.count))
    started = time.monotonic()
    finished = run.train(stop)
    seconds = time.monotonic() - started
    processes.gathered(0)
    if finished and processes.first:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(scratch / f"best-{run.best_epoch}", folder, dirs_exist_ok=True)
        if not checkpoints:
            shutil.rmtree(scratch)
    tokens = sum(len(example.ids) for example in read)
    return Outcome(
        status="succeeded" if finished else "stopped",
        steps=run.steps,
        epochs=run.epochs,
        best_epoch=run.best_epoch,
        stopped_early=finished and run.epochs[-1].epoch < settings.epochs,
        audit=audit(tokenizer, read),
        trained_tokens=tokens * run.epochs[-1].epoch,
        seconds=seconds,
        tokens_per_second=run.read_tokens / run.train_seconds if run.train_seconds else 0.0,
        learning_rate=settings.learning_rate,
    )


def _learner(base: Path, start: Path | None, settings: Settings) -> ExampleLearner:
    learner = load_learner(base, settings)
    if start is not None:
        learner.begin_with(start)
    return learner


def _fingerprint(digests: list[str], units: Sequence[Example | Pair], trained: int, settings: Settings, count: int) -> str:
    """Return a digest of everything that decides the result, so that a state is never taken for another run's."""
    parts: list[Any] = [digests, [asdict(unit) for unit in units], trained, asdict(settings)]
    if count > 1:  # sums in another order round differently
        parts.append(count)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
