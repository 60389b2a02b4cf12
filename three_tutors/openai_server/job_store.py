"""A job's life in the store: who may change what of it, and what that says to its listeners."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from three_tutors.openai_server.hyperparameters import Hyperparameters
from three_tutors.openai_server.job_request import JobRequest
from three_tutors.openai_server.store import Row, Store
from three_tutors.pipeline.records import Record

FINAL = ("succeeded", "failed", "cancelled")
ORGANISATION = "local"
CHECKPOINTS_KEPT = 3

Wish = Literal["run", "pause"]


def create_job(store: Store, request: JobRequest, fingerprint: str) -> Row:
    """Add a job in state `validating_files`; `fingerprint` says what its files and base are."""
    with store.transaction():
        id_ = store.issue("ftjob-", fingerprint, request.model, request.suffix, str(request.seed), repr(request.hyperparameters))
        document: Record = {
            "id": id_,
            "object": "fine_tuning.job",
            "created_at": int(time.time()),
            "error": None,
            "estimated_finish": None,
            "fine_tuned_model": None,
            "finished_at": None,
            "hyperparameters": request.hyperparameters.described(),
            "integrations": [],
            "metadata": request.metadata,
            "method": {"type": "supervised", "supervised": {"hyperparameters": request.hyperparameters.described()}},
            "model": request.model,
            "organization_id": ORGANISATION,
            "result_files": [],
            "seed": request.seed,
            "status": "validating_files",
            "trained_tokens": None,
            "training_file": request.training_file,
            "validation_file": request.validation_file,
        }
        private = {"wish": "run", "suffix": request.suffix, "hyperparameters": asdict(request.hyperparameters), "step": 0, "kills": 0}
        row = store.insert("job", id_, document, private=private)
        add_event(store, id_, f"Created fine-tuning job: {id_}")
        add_event(store, id_, f"Validating training file: {request.training_file}")
    return row


def add_event(store: Store, job: str, message: str, *, level: str = "info", kind: str = "message", data: Record | None = None) -> None:
    """Tell listeners something."""
    with store.transaction():
        id_ = store.issue("ftevent-", job, message)
        document = {
            "id": id_,
            "object": "fine_tuning.job.event",
            "created_at": int(time.time()),
            "level": level,
            "message": message,
            "type": kind,
            "data": data or {},
        }
        store.insert("event", id_, document, parent=job)


def resolve(store: Store, job: str, examples: int) -> None:
    """Put numbers in place of `auto` and move a validated job to the queue."""

    def change(document: Record, private: Record) -> None:
        if document["status"] != "validating_files":
            return
        resolved = Hyperparameters(**private["hyperparameters"]).resolved(examples)
        private["hyperparameters"] = asdict(resolved)
        document["hyperparameters"] = resolved.described()
        document["method"]["supervised"]["hyperparameters"] = resolved.described()
        document["status"] = "queued"

    with store.transaction():
        store.change("job", job, change)
        add_event(store, job, "Files validated, moving job to queued state")


def begin(store: Store, job: str) -> Row:
    """Mark a job as running, for the first time or again."""

    def change(document: Record, private: Record) -> None:
        if document["status"] not in FINAL:
            document["status"] = "running"
            private["started_at"], private["started_step"] = time.time(), private["step"]

    with store.transaction():
        before = store.get("job", job)
        row = store.change("job", job, change)
        if before is not None and before.document["status"] != "running":
            again = row.private["step"] > 0
            add_event(store, job, "Fine-tuning job goes on" if again else "Fine-tuning job started", level="warn" if again else "info")
    return row


def fail(store: Store, job: str, code: str, message: str, param: str | None = None) -> None:
    """End a job with an error, unless it has ended."""

    def change(document: Record, _: Record) -> None:
        document.update(status="failed", finished_at=int(time.time()), estimated_finish=None)
        document["error"] = {"code": code, "message": message, "param": param}

    with store.transaction():
        row = store.get("job", job)
        if row is not None and row.document["status"] not in FINAL:
            store.change("job", job, change)
            add_event(store, job, message, level="error")


def cancel(store: Store, job: str) -> None:
    """End a job by its owner's wish."""

    def change(document: Record, _: Record) -> None:
        document.update(status="cancelled", finished_at=int(time.time()), estimated_finish=None)

    with store.transaction():
        store.change("job", job, change)
        add_event(store, job, "Fine-tuning job cancelled")


def pause(store: Store, job: str) -> None:
    """Put a job aside; the protocol has no state of that name, it is `queued` meanwhile."""

    def change(document: Record, private: Record) -> None:
        private["wish"] = "pause"
        document["estimated_finish"] = None
        if document["status"] == "running":
            document["status"] = "queued"

    with store.transaction():
        store.change("job", job, change)
        add_event(store, job, "Fine-tuning job paused", level="warn")


def resume(store: Store, job: str) -> None:
    """Let a paused job go on from its last checkpoint when its turn comes."""
    with store.transaction():
        store.change("job", job, lambda _, private: private.update(wish="run"))
        add_event(store, job, "Fine-tuning job resumed", level="warn")


def add_beginning(store: Store, job: str, metrics: Record) -> None:
    """Record the validation of the model before its first step, once."""
    with store.transaction():
        row = store.get("job", job)
        if row is not None and metrics.get("valid_loss") is not None and not row.private.get("begun"):
            store.change("job", job, lambda _, private: private.update(begun=True))
            add_event(store, job, f"Before training: validation loss={metrics['valid_loss']:.4f}", data=metrics)


def add_step(store: Store, job: str, total: int, metrics: Record) -> None:
    """Record the metrics of one step; a step that was recorded before the job was interrupted is not told twice."""
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
        add_event(store, job, f"Step {step}/{total}: {', '.join(told)}", kind="metrics", data={**metrics, "total_steps": total})


def add_checkpoint(store: Store, job: str, metrics: Record, folder: Path) -> list[Path]:
    """Record a model written at the end of an epoch; return the folders of checkpoints that are no longer kept."""
    step = int(metrics["step"])
    with store.transaction():
        row = store.get("job", job)
        id_ = f"ftckpt_{job.removeprefix('ftjob-')}{step}"
        if row is None or store.get("checkpoint", id_) is not None:
            return []
        name = f"{model_name(row)}:ckpt-step-{step}"
        document = {
            "id": id_,
            "object": "fine_tuning.job.checkpoint",
            "created_at": int(time.time()),
            "fine_tuned_model_checkpoint": name,
            "fine_tuning_job_id": job,
            "metrics": metrics,
            "step_number": step,
        }
        store.insert("checkpoint", id_, document, parent=job)
        add_model(store, name, folder, row, parent=job)
        add_event(store, job, f"Checkpoint created at step {step}")
        old = store.all("checkpoint", job)[:-CHECKPOINTS_KEPT]
        return [forget_checkpoint(store, one) for one in old]


def forget_checkpoint(store: Store, checkpoint: Row) -> Path:
    """Remove a checkpoint and its model from the store; return the folder that can be deleted."""
    name = checkpoint.document["fine_tuned_model_checkpoint"]
    model = store.get("model", name)
    store.delete("checkpoint", checkpoint.id)
    store.delete("model", name)
    return store.root / str(model.private["folder"] if model else "")


def add_model(store: Store, name: str, folder: Path, job: Row, *, parent: str = "") -> None:
    """Record a model that can be chatted with; `folder` lies in the store's root."""
    document = {"id": name, "object": "model", "created": int(time.time()), "owned_by": ORGANISATION}
    private = {"folder": str(folder.relative_to(store.root)), "base": job.document["model"], "job": job.id}
    store.insert("model", name, document, parent=parent, private=private)


def succeed(store: Store, job: str, trained_tokens: int, folder: Path, result: Row | None) -> None:
    """End a job with the model in `folder` and its result file, all at once."""

    def change(document: Record, _: Record) -> None:
        document.update(status="succeeded", finished_at=int(time.time()), estimated_finish=None, trained_tokens=trained_tokens)
        document["fine_tuned_model"] = name
        document["result_files"] = [result.id] if result else []

    with store.transaction():
        row = store.get("job", job)
        if row is None or row.document["status"] in FINAL:
            return
        name = model_name(row)
        add_model(store, name, folder, row)
        store.change("job", job, change)
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
