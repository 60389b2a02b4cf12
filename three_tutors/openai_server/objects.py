"""The protocol's objects as the store keeps them: what clients see of each, and what only the server needs.

Whatever is written is checked first. A row that cannot be read any more (a damaged database, an edit by hand) is
replaced by an object that says so, so that it neither breaks a list nor stops other jobs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from three_tutors.openai_server.hyperparameters import Hyperparameters, Number
from three_tutors.pipeline.records import Record

Kind = Literal["file", "job", "event", "checkpoint", "model", "key", "issued"]
Purpose = Literal["fine-tune", "fine-tune-results"]
ORGANISATION = "local"

Count = Annotated[int, Field(ge=0, lt=2**53)]
Metrics = dict[str, Number | None]


class Kept(BaseModel):
    """Something that the store keeps."""

    model_config = ConfigDict(strict=True)

    def record(self) -> Record:
        """Return it as JSON."""
        return self.model_dump()


class File(Kept):
    """An uploaded file or a job's result file."""

    id: str
    object: Literal["file"] = "file"
    bytes: Count = 0
    created_at: Count = 0
    filename: str = ""
    purpose: Purpose = "fine-tune"
    status: Literal["processed", "error"] = "processed"
    status_details: str | None = None

    def record(self) -> Record:
        """Leave out what has no value: the protocol wants a text there."""
        return self.model_dump(exclude_none=True)


class FilePlace(Kept):
    """Where a file's bytes lie, below the store's folder."""

    path: str = Field(pattern=r"^files/file-[0-9a-f]{24}$")
    sha256: str = ""


class Failure(Kept):
    """Why a job failed."""

    code: str
    message: str
    param: str | None = None


class Job(Kept):
    """A fine-tuning job."""

    id: str
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: Count = 0
    error: Failure | None = None
    estimated_finish: Count | None = None
    fine_tuned_model: str | None = None
    finished_at: Count | None = None
    hyperparameters: dict[str, bool | Number | str] = {}
    integrations: list[Any] = []
    metadata: dict[str, str] | None = None
    method: dict[str, Any] = {"type": "supervised", "supervised": {}}
    model: str = ""
    organization_id: str = ORGANISATION
    result_files: list[str] = []
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    status: Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled"] = "validating_files"
    trained_tokens: Count | None = None
    training_file: str = ""
    validation_file: str | None = None


class JobState(Kept):
    """What only the server knows of a job."""

    wish: Literal["run", "pause"] = "run"
    """What its owner last asked for."""
    suffix: str = ""
    hyperparameters: Hyperparameters = Hyperparameters()
    under: str = ""
    """The model under the adapter that training goes on with; empty where it starts from whole weights."""
    step: Count = 0
    """The last step that was told."""
    kills: Count = 0
    """How often its process was killed without reaching another checkpoint."""
    begun: bool = False
    """Whether the validation before the first step was told."""
    started_at: Number = 0
    started_step: Count = 0


class Event(Kept):
    """What a job says of itself."""

    id: str
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    created_at: Count = 0
    level: Literal["info", "warn", "error"] = "info"
    message: str = ""
    type: Literal["message", "metrics"] = "message"
    data: Metrics = {}


class Checkpoint(Kept):
    """A model written at the end of an epoch."""

    id: str
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    created_at: Count = 0
    fine_tuned_model_checkpoint: str = ""
    fine_tuning_job_id: str = ""
    metrics: Metrics = {}
    step_number: Count = 0


class Model(Kept):
    """A model that can be chatted with."""

    id: str
    object: Literal["model"] = "model"
    created: Count = 0
    owned_by: str = ORGANISATION


class ModelPlace(Kept):
    """Where a model's weights or adapter lie, below the store's folder; the model that it is made of, with whole weights; and its job."""

    folder: str = Field(pattern=r"^jobs/ftjob-[0-9a-f]{24}/(model|checkpoints/step-[0-9]+)$")
    base: str
    job: str


class Key(Kept):
    """What a request with an `Idempotency-Key` created."""

    parameters: str = ""
    created: str = ""


class Issued(Kept):
    """How many ids were made from the same content."""

    count: Count = 0


SHOWN: dict[Kind, type[Kept]] = {
    "file": File,
    "job": Job,
    "event": Event,
    "checkpoint": Checkpoint,
    "model": Model,
    "key": Key,
    "issued": Issued,
}
PRIVATE: dict[Kind, type[Kept]] = {"file": FilePlace, "job": JobState, "model": ModelPlace}


def substitute(kind: Kind, id_: str, parent: str, reason: str) -> Kept:
    """Return what clients see in place of an object that cannot be read."""
    told = f"The server's record of this {kind} is damaged ({reason})."
    fields: dict[Kind, Record] = {
        "file": {"status": "error", "status_details": told},
        "job": {"status": "failed", "error": {"code": "server_error", "message": told}},
        "event": {"level": "error", "message": told},
        "checkpoint": {"fine_tuning_job_id": parent},
    }
    return SHOWN[kind].model_validate({"id": id_, **fields.get(kind, {})})
