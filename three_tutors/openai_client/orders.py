"""Have one job done once: whatever is interrupted, the next run finds its job again instead of creating another.

Before every request the ledger, a small file outside what DVC manages, says what is about to be asked. A job that the
ledger does not know is looked for at the service, by the key in its metadata or by the file that only it was given.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from three_tutors.openai_client.service import BusyError, JobService, UnclearError
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import Record, read_json, write_json

Method = Literal["supervised", "dpo"]

METADATA = "three_tutors"
ENDED_BADLY = ("failed", "cancelled")
MOST_TRIES = 3
MOST_FAULTS = 5
"""Polls in a row that may fail before waiting is given up."""


@dataclass(frozen=True)
class Order:
    """What is to be trained, where, and on what."""

    place: str
    """The service's address, or what else tells one place from another."""
    model: str
    training: bytes
    validation: bytes
    hyperparameters: Record
    suffix: str
    seed: int
    method: Method = "supervised"
    """`dpo` learns from pairs of replies; the files then hold preferences."""

    @cached_property
    def key(self) -> str:
        """Name of this order: the same order has the same name for ever."""
        parts = [self.place, self.model, json.dumps(self.hyperparameters, sort_keys=True), self.suffix, str(self.seed)]
        if self.method != "supervised":
            parts.append(self.method)
        contents = [hashlib.sha256(data).hexdigest() for data in (self.training, self.validation)]
        return hashlib.sha256("\0".join([*parts, *contents]).encode()).hexdigest()[:32]

    def file_name(self, purpose: str) -> str:
        """Return the name under which a file of this order, and of no other, is uploaded."""
        return f"{self.key[:16]}-{purpose}.jsonl"


@dataclass(frozen=True)
class Patience:
    """How a job is waited for."""

    poll_seconds: float
    deadline_seconds: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Done:
    """A job that succeeded, with everything the service says about it."""

    job: Record
    events: list[Record]
    result: str
    """The result file's text; empty where the service has none."""


@dataclass
class Ledger:
    """What was asked of a service for one order, kept in one file."""

    path: Path
    entry: Record = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Go on from what an earlier run left."""
        if self.path.exists():
            self.entry = dict(read_json(self.path))

    def note(self, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Write down facts before or after a request."""
        self.entry.update(facts)
        write_json(self.path, self.entry)


def fine_tune(service: JobService, order: Order, ledger: Ledger, patience: Patience, say: Callable[[str], None]) -> Done:
    """Return the finished job of `order`, found or newly created.

    Raises:
        EndpointError: the service refused or failed, the job failed, or the deadline passed; running again goes on. Or the
            service does not train by the order's method, and nothing was sent.

    """
    _check_offered(service, order.method)
    ledger.note(key=order.key, service=service.base_url, model=order.model)
    job = _known(service, ledger)
    if job is None:
        ledger.note(training_file=service.find_file(order.file_name("training")))
        job = _found(service, order, ledger) or _created(service, order, ledger, patience)
    ledger.note(job=job["id"], description=job)
    say(f"{service.base_url} works on job {job['id']}")
    finished = _waited(service, job["id"], patience, say)
    ledger.note(description=finished)
    if finished["status"] != "succeeded":
        error = finished.get("error") or {}
        reason = f"{error.get('code')}: {error.get('message')}" if error.get("message") else "no reason given"
        ledger.note(job=None)
        raise EndpointError(f"Job {finished['id']} at {service.base_url} {finished['status']} ({reason}). Running again creates a new job.")
    files = finished.get("result_files") or []
    return Done(finished, service.events(finished["id"]), service.content(files[0]) if files else "")


def _check_offered(service: JobService, method: Method) -> None:
    if method == "dpo" and service.dialect == "nebius":
        raise EndpointError(
            f"{service.base_url}: Nebius Token Factory documents no training by preferences, and nothing was sent. "
            "OpenAI, Azure AI Foundry and the local service offer it."
        )


def _known(service: JobService, ledger: Ledger) -> Record | None:
    """Return the job that the ledger names."""
    id_ = ledger.entry.get("job")
    if not id_:
        return None
    try:
        job = service.retrieve(id_)
    except (BusyError, UnclearError):
        raise
    except EndpointError as error:
        advice = (
            f"The ledger {ledger.path} says that job {id_} was created there; is this another account? Delete the ledger to start anew."
        )
        raise EndpointError(f"{error} {advice}") from None
    return None if job["status"] in ENDED_BADLY else job


def _found(service: JobService, order: Order, ledger: Ledger) -> Record | None:
    """Return a job of this order that the ledger lost sight of."""
    uploaded = ledger.entry.get("training_file")
    ours = [
        job
        for job in service.jobs()
        if (job.get("metadata") or {}).get(METADATA) == order.key or (uploaded and job.get("training_file") == uploaded)
    ]
    alive = [job for job in ours if job["status"] not in ENDED_BADLY]
    ledger.note(failed=len(ours) - len(alive))
    return alive[0] if alive else None


def _created(service: JobService, order: Order, ledger: Ledger, patience: Patience) -> Record:
    files = {f"{purpose}_file": _uploaded(service, purpose, order, ledger) for purpose in ("training", "validation")}
    request: Record = {
        "model": order.model,
        **files,
        "suffix": order.suffix,
        "seed": order.seed,
        "metadata": {METADATA: order.key},
        "method": {"type": order.method, order.method: {"hyperparameters": order.hyperparameters}},
    }
    attempt = int(ledger.entry.get("failed", 0)) + 1
    tried = 0
    while True:
        tried += 1
        ledger.note(creating=attempt)
        try:
            return service.create(request, f"{order.key}-job-{attempt}")
        except BusyError:
            if tried == MOST_TRIES:
                raise
            patience.sleep(patience.poll_seconds * tried)
        except UnclearError as error:
            found = _looked_for(service, order, ledger, patience)
            if found is not None:
                return found
            raise EndpointError(
                f"{error} The service lists no such job, but it may still appear; none was created twice. "
                "Run again in a minute: the job is looked for first."
            ) from error


def _looked_for(service: JobService, order: Order, ledger: Ledger, patience: Patience) -> Record | None:
    """Look several times for a job whose creation was not acknowledged."""
    for tried in range(1, MOST_TRIES + 1):
        patience.sleep(patience.poll_seconds * tried)
        try:
            found = _found(service, order, ledger)
        except (BusyError, UnclearError):
            continue
        if found is not None:
            return found
    return None


def _uploaded(service: JobService, purpose: str, order: Order, ledger: Ledger) -> str:
    """Return the id of the uploaded file; one that an interrupted run uploaded is used again."""
    name = order.file_name(purpose)
    id_ = service.find_file(name)
    if id_ is None:
        ledger.note(uploading=purpose)
        data = order.training if purpose == "training" else order.validation
        id_ = service.upload(name, data, f"{order.key}-{purpose}")
    ledger.note(**{f"{purpose}_file": id_})
    return id_


def _waited(service: JobService, job: str, patience: Patience, say: Callable[[str], None]) -> Record:
    deadline = patience.clock() + patience.deadline_seconds
    faults, told = 0, ""
    while True:
        try:
            now = service.retrieve(job)
            faults = 0
        except (BusyError, UnclearError):
            faults += 1
            if faults == MOST_FAULTS:
                raise
        else:
            if now["status"] in ("succeeded", "failed", "cancelled"):
                return now
            if now["status"] != told:
                told = now["status"]
                say(f"job {job} is {told}")
        if patience.clock() > deadline:
            late = f"Job {job} at {service.base_url} is not finished after {patience.deadline_seconds / 60:g} minutes"
            raise EndpointError(f"{late}; run again to go on waiting for the same job.")
        patience.sleep(patience.poll_seconds)
