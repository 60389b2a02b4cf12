"""A job's life in the store: who may change what of it, and what that says to its listeners."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from three_tutors.openai_server.hyperparameters import Hyperparameters
from three_tutors.openai_server.job_request import JobRequest
from three_tutors.openai_server.objects import ORGANISATION, Checkpoint, Event, Job, JobState, Model, ModelPlace
from three_tutors.openai_server.store import Row, Store
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import repaired

FINAL = ("succeeded", "failed", "cancelled")
CHECKPOINTS_KEPT = 3


def create_job(store: Store, request: JobRequest, fingerprint: str, under: str = "") -> Row:
    """Add a job in state `validating_files`; `fingerprint` says what its files are, `under` what lies under the adapter it goes on with."""
    with store.transaction():
        asked = request.hyperparameters
        told = [repr(asked), *([f"{asked.method} {asked.beta}"] if asked.method != "supervised" else [])]
        id_ = store.issue("ftjob-", fingerprint, request.model, request.suffix, str(request.seed), *told)
        job = Job(
            id=id_,
            created_at=int(time.time()),
            hyperparameters=request.hyperparameters.described(),
            metadata=request.metadata,
            method=request.hyperparameters.as_method(),
            model=request.model,
            seed=request.seed,
            training_file=request.training_file,
            validation_file=request.validation_file,
        )
        row = store.insert("job", id_, job, private=JobState(suffix=request.suffix, hyperparameters=asked, under=under))
        add_event(store, id_, f"Created fine-tuning job: {id_}")
        add_event(store, id_, f"Validating training file: {request.training_file}")
    return row


def add_event(store: Store, job: str, message: str, **more: Any) -> None:  # noqa: ANN401 - fields of `Event`
    """Tell listeners something."""
    with store.transaction():
        id_ = store.issue("ftevent-", job, message)
        store.insert("event", id_, Event(id=id_, created_at=int(time.time()), message=message, **more), parent=job)


def resolve(store: Store, job: str, examples: int) -> None:
    """Put numbers in place of `auto` and move a validated job to the queue."""

    def change(document: Record, private: Record) -> None:
        resolved = Hyperparameters(**private["hyperparameters"]).resolved(examples)
        private["hyperparameters"] = asdict(resolved)
        document.update(hyperparameters=resolved.described(), method=resolved.as_method(), status="queued")

    _change(store, job, change, "Files validated, moving job to queued state")


def begin(store: Store, job: str) -> Row | None:
    """Mark a job as running, for the first time or again; None where it has ended."""

    def change(document: Record, private: Record) -> None:
        document["status"] = "running"
        private.update(started_at=time.time(), started_step=private["step"])

    with store.transaction():
        row = store.get("job", job)
        if row is None or row.document["status"] in FINAL:
            return None
        if row.document["status"] != "running":
            again = row.private["step"] > 0
            add_event(store, job, "Fine-tuning job goes on" if again else "Fine-tuning job started", level="warn" if again else "info")
        return store.change("job", job, change)


def fail(store: Store, job: str, code: str, message: str, param: str | None = None) -> None:
    """End a job with an error."""
    told = repaired(message)  # it may hold words of a log or of another program
    error = {"code": code, "message": told, "param": param}
    _change(store, job, lambda document, _: document.update(_ended("failed"), error=error), told, level="error")


def cancel(store: Store, job: str) -> None:
    """End a job by its owner's wish."""
    _change(store, job, lambda document, _: document.update(_ended("cancelled")), "Fine-tuning job cancelled")


def pause(store: Store, job: str) -> None:
    """Put a job aside; the protocol has no state of that name, it is `queued` meanwhile."""

    def change(document: Record, private: Record) -> None:
        private["wish"] = "pause"
        document["estimated_finish"] = None
        if document["status"] == "running":
            document["status"] = "queued"

    _change(store, job, change, "Fine-tuning job paused", level="warn")


def resume(store: Store, job: str) -> None:
    """Let a paused job go on from its last checkpoint when its turn comes."""
    _change(store, job, lambda _, private: private.update(wish="run"), "Fine-tuning job resumed", level="warn")


def _change(store: Store, job: str, change: Callable[[Record, Record], None], message: str, level: str = "info") -> None:
    """Change a job and tell its listeners, unless it has ended."""
    with store.transaction():
        row = store.get("job", job)
        if row is not None and row.document["status"] not in FINAL:
            store.change("job", job, change)
            add_event(store, job, message, level=level)


def _ended(status: str) -> Record:
    return {"status": status, "finished_at": int(time.time()), "estimated_finish": None}


def add_beginning(store: Store, job: str, metrics: Record) -> None:
    """Record the validation of the model before its first step, once."""
    _hold_finite(metrics)
    with store.transaction():
        row = store.get("job", job)
        if row is not None and metrics.get("valid_loss") is not None and not row.private["begun"]:
            store.change("job", job, lambda _, private: private.update(begun=True))
            add_event(store, job, f"Before training: validation loss={metrics['valid_loss']:.4f}", data=metrics)


def add_step(store: Store, job: str, total: int, metrics: Record) -> None:
    """Record the metrics of one step; a step that was recorded before the job was interrupted is not told twice."""
    _hold_finite(metrics)
    step = int(metrics["step"])

    def change(document: Record, private: Record) -> None:
        private["step"] = step
        done = step - private["started_step"]
        document["estimated_finish"] = int(time.time() + (time.time() - private["started_at"]) / max(1, done) * (total - step))

    with store.transaction():
        row = store.get("job", job)
        if row is None or row.document["status"] != "running" or step <= row.private["step"]:
            return
        store.change("job", job, change)
        told = [f"training loss={metrics['train_loss']:.4f}"]
        told += [f"validation loss={metrics['valid_loss']:.4f}"] if metrics.get("valid_loss") is not None else []
        add_event(store, job, f"Step {step}/{total}: {', '.join(told)}", type="metrics", data={**metrics, "total_steps": total})


def _hold_finite(metrics: Record) -> None:
    """Stop training when a loss or another metric is not finite: JSON cannot store it and the run cannot recover."""
    for name, value in metrics.items():
        if value is not None and not math.isfinite(value):
            raise TutorError(f"`{name}` is {value} at step {metrics['step']}; try a smaller learning_rate_multiplier")


def add_checkpoint(store: Store, job: str, metrics: Record, folder: Path) -> list[Path]:
    """Record a model written at the end of an epoch; return the folders of checkpoints that are no longer kept."""
    step = int(metrics["step"])
    with store.transaction():
        row = store.get("job", job)
        id_ = f"ftckpt_{job.removeprefix('ftjob-')}{step}"
        if row is None or store.get("checkpoint", id_) is not None:
            return []
        name = f"{model_name(row)}:ckpt-step-{step}"
        checkpoint = Checkpoint(
            id=id_,
            created_at=int(time.time()),
            fine_tuned_model_checkpoint=name,
            fine_tuning_job_id=job,
            metrics=metrics,
            step_number=step,
        )
        store.insert("checkpoint", id_, checkpoint, parent=job)
        add_model(store, name, folder, row, parent=job)
        add_event(store, job, f"Checkpoint created at step {step}")
        old = store.all("checkpoint", job)[:-CHECKPOINTS_KEPT]
        return [folder for one in old for folder in forget_model(store, one.document["fine_tuned_model_checkpoint"], one.id)]


def forget_model(store: Store, name: str, checkpoint: str = "") -> list[Path]:
    """Remove a model, and the checkpoint that it is, from the store; return the folders that can be deleted."""
    folder = model_folder(store, name)
    store.delete("checkpoint", checkpoint)
    store.delete("model", name)
    return [] if folder is None else [folder]


def add_model(store: Store, name: str, folder: Path, job: Row, *, parent: str = "") -> None:
    """Record a model that can be chatted with; `folder` lies in the store's root."""
    base = job.private.get("under") or job.document["model"]
    place = ModelPlace(folder=str(folder.relative_to(store.root)), base=base, job=job.id)
    store.insert("model", name, Model(id=name, created=int(time.time())), parent=parent, private=place)


def model_folder(store: Store, name: str) -> Path | None:
    """Return where a tuned model's weights or adapter lie; None where there is no such model."""
    row = store.get("model", name)
    return store.root / row.private["folder"] if row is not None and row.private else None


def succeed(store: Store, job: str, trained_tokens: int, folder: Path, result: Row) -> None:
    """End a job with the model in `folder` and its result file, all at once."""
    with store.transaction():
        row = store.get("job", job)
        if row is None or row.document["status"] in FINAL:
            return
        name = model_name(row)
        add_model(store, name, folder, row)
        outcome = {**_ended("succeeded"), "trained_tokens": trained_tokens, "fine_tuned_model": name, "result_files": [result.id]}
        store.change("job", job, lambda document, _: document.update(outcome))
        add_event(store, job, f"New fine-tuned model created: {name}")
        add_event(store, job, "The job has successfully completed")


def model_name(job: Row) -> str:
    """Return `ft:<base>:<organisation>:<suffix or empty>:<8 characters>`."""
    base = job.document["model"]
    base = base.split(":")[1] if base.startswith("ft:") else base
    return f"ft:{base}:{ORGANISATION}:{job.private['suffix']}:{job.id.removeprefix('ftjob-')[:8]}"


def curve(store: Store, job: str) -> list[dict[str, Any]]:
    """Return the metrics of every step so far."""
    return [row.document["data"] for row in store.all("event", job) if row.document["type"] == "metrics"]
