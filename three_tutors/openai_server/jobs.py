"""The routes of fine-tuning jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from three_tutors.openai_server import job_store
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.errors import ApiError, invalid
from three_tutors.openai_server.job_request import JobRequest, going_on, read_job
from three_tutors.openai_server.requests import PAGE, canonical, json_body, listed, once, route
from three_tutors.openai_server.store import Row, Store
from three_tutors.pipeline.records import read_json

JOBS = "/v1/fine_tuning/jobs"


class Jobs:
    """Fine-tuning jobs, their events and checkpoints."""

    def __init__(
        self, store: Store, model_files: Callable[[str], ModelFiles], under: Callable[[str], str], wake: Callable[[], None]
    ) -> None:
        """Find a job's model with `model_files`, what lies under it with `under`; `wake` whoever runs jobs when something changes."""
        self._store = store
        self._model_files = model_files
        self._under = under
        self._wake = wake

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            route("POST", JOBS, self.create),
            route("GET", JOBS, self.list, *PAGE, "metadata"),
            route("GET", f"{JOBS}/{{id}}", self.get),
            route("POST", f"{JOBS}/{{id}}/cancel", self.cancel),
            route("POST", f"{JOBS}/{{id}}/pause", self.pause),
            route("POST", f"{JOBS}/{{id}}/resume", self.resume),
            route("GET", f"{JOBS}/{{id}}/events", self.events, *PAGE),
            route("GET", f"{JOBS}/{{id}}/checkpoints", self.checkpoints, *PAGE),
        ]

    async def create(self, request: Request) -> Response:
        """POST /fine_tuning/jobs."""
        body = await json_body(request)
        asked = read_job(body)
        row = await asyncio.to_thread(self._create, request, asked, canonical(body))
        return JSONResponse(row.document)

    async def list(self, request: Request) -> Response:
        """GET /fine_tuning/jobs."""
        having: dict[str, Any] = {}
        for name, value in request.query_params.items():
            if name.startswith("metadata[") and name.endswith("]") and name[9:-1].replace("-", "_").isidentifier():
                having[f'metadata."{name[9:-1]}"'] = value
            elif (name, value) == ("metadata", "null"):
                having["metadata"] = None
            elif name.startswith("metadata"):
                raise invalid("`metadata` is filtered by keys of letters, digits, `-` and `_`, or is null.", "metadata", "invalid_value")
        return listed(self._store, request, "job", **having)

    async def get(self, request: Request) -> Response:
        """GET /fine_tuning/jobs/{id}."""
        return JSONResponse(self._row(request).document)

    async def cancel(self, request: Request) -> Response:
        """POST /fine_tuning/jobs/{id}/cancel; once more changes nothing."""
        return self._changed(request, lambda row: row.document["status"] == "cancelled", job_store.cancel)

    async def pause(self, request: Request) -> Response:
        """POST /fine_tuning/jobs/{id}/pause; once more changes nothing."""
        return self._changed(request, lambda row: row.private.get("wish") == "pause", job_store.pause)

    async def resume(self, request: Request) -> Response:
        """POST /fine_tuning/jobs/{id}/resume; once more changes nothing."""
        return self._changed(request, lambda row: row.private.get("wish") == "run", job_store.resume)

    async def events(self, request: Request) -> Response:
        """GET /fine_tuning/jobs/{id}/events."""
        return listed(self._store, request, "event", self._row(request).id)

    async def checkpoints(self, request: Request) -> Response:
        """GET /fine_tuning/jobs/{id}/checkpoints."""
        return listed(self._store, request, "checkpoint", self._row(request).id, limit=10)

    def _create(self, request: Request, asked: JobRequest, parameters: str) -> Row:
        adapter = self._model_files(asked.model).adapter
        if adapter is not None:
            asked = replace(asked, hyperparameters=going_on(asked.hyperparameters, read_json(adapter / "adapter_config.json")))
        digests = [self._digest(asked.training_file, "training_file")]
        if asked.validation_file is not None:
            digests.append(self._digest(asked.validation_file, "validation_file"))
        under = self._under(asked.model)
        with self._store.transaction():
            row = once(self._store, request, "job", parameters, lambda: job_store.create_job(self._store, asked, " ".join(digests), under))
        self._wake()
        return row

    def _digest(self, id_: str, param: str) -> str:
        row = self._store.get("file", id_)
        if row is None:
            raise invalid(f"invalid {param}: {id_}", param, "invalid_request_error")
        if row.document["purpose"] != "fine-tune":
            raise invalid(f"`{param}`: {id_} was not uploaded with purpose `fine-tune`.", param, "invalid_file_purpose")
        if not row.private:
            raise invalid(f"`{param}`: {row.document['status_details']} Upload the file again.", param, "invalid_value")
        return str(row.private["sha256"])

    def _changed(self, request: Request, done: Callable[[Row], bool], change: Callable[[Store, str], None]) -> Response:
        with self._store.transaction():
            row = self._row(request)
            again = row.document["status"] == "cancelled" and change is job_store.cancel
            if row.document["status"] in job_store.FINAL and not again:
                raise invalid(f"Job {row.id} has already {row.document['status']}.", None, "invalid_job_status")
            if not done(row):
                change(self._store, row.id)
        self._wake()
        return JSONResponse(self._row(request).document)

    def _row(self, request: Request) -> Row:
        id_ = request.path_params["id"]
        row = self._store.get("job", id_)
        if row is None:
            raise ApiError(404, f"Could not find fine tune: {id_}", param="fine_tuning_job_id", code="fine_tune_not_found")
        return row
