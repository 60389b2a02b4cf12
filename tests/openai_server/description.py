"""What the server takes and gives, as OpenAPI: requests as we understand them, responses as the official client's types have them."""

from __future__ import annotations

from typing import Any

from openai.types import FileDeleted, FileObject, Model, ModelDeleted
from openai.types.chat import ChatCompletion
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from openai.types.shared import ErrorObject
from pydantic.json_schema import models_json_schema

Schema = dict[str, Any]

GIVEN = [
    ChatCompletion,
    ErrorObject,
    FileDeleted,
    FileObject,
    FineTuningJob,
    FineTuningJobCheckpoint,
    FineTuningJobEvent,
    Model,
    ModelDeleted,
]
TEXT: Schema = {"type": "string", "minLength": 1}
NULL: Schema = {"type": "null"}


def record(required: list[str], **properties: Schema) -> Schema:
    """Return the schema of an object that has no other properties."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def whole(least: int, most: int) -> Schema:
    """Return the schema of a whole number or nothing."""
    return {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, NULL]}


def number(least: float, most: float) -> Schema:
    """Return the schema of a number or nothing."""
    return {"anyOf": [{"type": "number", "minimum": least, "maximum": most}, NULL]}


PART = record(["type", "text"], type={"const": "text"}, text={"type": "string"})
MESSAGE = record(
    ["role", "content"],
    role={"enum": ["system", "developer", "user", "assistant"]},
    content={"anyOf": [{"type": "string"}, {"type": "array", "items": PART, "minItems": 1}]},
    refusal=NULL,
)
FLAG: Schema = {"anyOf": [{"type": "boolean"}, NULL]}
CHAT = record(
    ["model", "messages"],
    model={**TEXT, "enum": ["base"]},
    messages={"type": "array", "items": MESSAGE, "minItems": 1},
    max_tokens=whole(1, 2**31 - 1),
    max_completion_tokens=whole(1, 2**31 - 1),
    temperature=number(0, 2),
    top_p=number(0, 1),
    seed=whole(-(2**63), 2**63 - 1),
    n=whole(1, 16),
    stop={"anyOf": [TEXT, {"type": "array", "items": TEXT, "maxItems": 4}, NULL]},
    logprobs=FLAG,
    top_logprobs=whole(0, 20),
    user={"anyOf": [{"type": "string"}, NULL]},
    store={"enum": [False, None]},
    stream={"enum": [False, None]},
)
AUTO: Schema = {"const": "auto"}
HYPERPARAMETERS: dict[str, Schema] = {
    "n_epochs": {"anyOf": [AUTO, {"type": "integer", "minimum": 1, "maximum": 50}, NULL]},
    "batch_size": {"anyOf": [AUTO, {"type": "integer", "minimum": 1, "maximum": 256}, NULL]},
    "learning_rate_multiplier": {"anyOf": [AUTO, {"type": "number", "exclusiveMinimum": 0}, NULL]},
}
BETA: Schema = {"anyOf": [AUTO, {"type": "number", "exclusiveMinimum": 0, "maximum": 2}, NULL]}


def method(kind: str, **more: Schema) -> Schema:
    """Return the schema of one way to train."""
    own = {"anyOf": [NULL, record([], hyperparameters={"anyOf": [NULL, record([], **HYPERPARAMETERS, **more)]})]}
    return record(["type"], type={"const": kind}, **{kind: own})


def job(file: str) -> Schema:
    """Return the schema of a request for a job that is trained on `file`."""
    metadata = {"type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 512}}
    metadata["propertyNames"] = {"maxLength": 64}
    return record(
        ["model", "training_file"],
        model={**TEXT, "enum": ["base"]},
        training_file={**TEXT, "enum": [file]},
        validation_file={"anyOf": [{"enum": [file]}, NULL]},
        suffix={"anyOf": [{"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}, NULL]},
        seed=whole(0, 2**31 - 1),
        metadata={"anyOf": [metadata, NULL]},
        integrations={"enum": [None, []]},
        method={"anyOf": [NULL, method("supervised"), method("dpo", beta=BETA)]},
    )


FORM = record(["file", "purpose"], file={"type": "string", "format": "binary"}, purpose={"enum": ["fine-tune"]})


def description(file: str, job_id: str) -> Schema:
    """Return the whole description; `file` and `job_id` are there."""
    jobs = "/fine_tuning/jobs"
    page, files = _page(100), _page(10_000)
    paths: Schema = {
        "/chat/completions": {"post": _call("ChatCompletion", body=CHAT)},
        "/models": {"get": _call("Model", many=True)},
        "/models/{id}": {"get": _call("Model", path="base"), "delete": _call("ModelDeleted", path="base")},
        "/files": {
            "get": _call("FileObject", many=True, query=[*files, _query("purpose", {"enum": ["fine-tune", "fine-tune-results", "batch"]})]),
            "post": _call("FileObject", body=FORM, media="multipart/form-data"),
        },
        "/files/{id}": {"get": _call("FileObject", path=file), "delete": _call("FileDeleted", path="file-none")},
        jobs: {"get": _call("FineTuningJob", many=True, query=page), "post": _call("FineTuningJob", body=job(file))},
        f"{jobs}/{{id}}": {"get": _call("FineTuningJob", path=job_id)},
        **{f"{jobs}/{{id}}/{action}": {"post": _call("FineTuningJob", path=job_id)} for action in ("cancel", "pause", "resume")},
        f"{jobs}/{{id}}/events": {"get": _call("FineTuningJobEvent", path=job_id, many=True, query=page)},
        f"{jobs}/{{id}}/checkpoints": {"get": _call("FineTuningJobCheckpoint", path=job_id, many=True, query=page)},
    }
    _, schemas = models_json_schema([(kind, "validation") for kind in GIVEN], ref_template="#/components/schemas/{model}")
    components = {"schemas": schemas["$defs"], "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    info = {"title": "The local service", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components, "security": [{"key": []}]}


def _page(most: int) -> list[Schema]:
    return [
        _query("after", TEXT),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": most}),
        _query("order", {"enum": ["asc", "desc"]}),
    ]


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _call(
    given: str,
    *,
    path: str = "",
    query: list[Schema] | None = None,
    body: Schema | None = None,
    media: str = "application/json",
    many: bool = False,
) -> Schema:
    """Return one call; whatever is refused is refused in the protocol's shape."""
    one: Schema = {"$ref": f"#/components/schemas/{given}"}
    several = {"object": {"const": "list"}, "data": {"type": "array", "items": one}}
    listed = {"type": "object", "required": ["object", "data"], "properties": several}
    error = record(["error"], error={"$ref": "#/components/schemas/ErrorObject"})
    refused = {"description": "refused", "content": {"application/json": {"schema": error}}}
    parameters = [*(query or [])]
    if path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": TEXT, "example": path})
    call: Schema = {
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": listed if many else one}}},
            **{str(status): refused for status in (400, 401, 403, 404, 405, 413, 429)},
        },
    }
    if body is not None:
        call["requestBody"] = {"required": True, "content": {media: {"schema": body}}}
    return call
