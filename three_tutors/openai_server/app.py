"""The routes of the server, and what they share."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from three_tutors.openai_server import chat
from three_tutors.openai_server.chat_request import read_chat
from three_tutors.openai_server.engine import Engine, Engines, Mailbox, ModelFiles
from three_tutors.openai_server.errors import ApiError, on_api_error, on_disk_error, on_failure, on_http_error, on_tutor_error
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.guard import LOOPBACK, Guard, Limits
from three_tutors.openai_server.requests import json_body, route
from three_tutors.pipeline.diagnostics import TutorError

T = TypeVar("T")


@dataclass
class Service:
    """What the routes share."""

    models: Mapping[str, ModelFiles]
    load: Callable[[ModelFiles], Engine]
    limits: Limits = field(default_factory=Limits)
    training: FineTuning | None = None
    """What makes new models while the server runs; a server for chats alone has none."""
    warm: str | None = None
    """A model to load right away."""
    chatting: int = 0
    engines: Engines = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is loaded before it is asked for."""
        self.engines = Engines(self.load)

    @cached_property
    def mailbox(self) -> Mailbox:
        """The one through which all engines speak to the loop that serves."""
        return Mailbox(asyncio.get_running_loop())

    async def warm_up(self) -> None:
        """Load the first model, so that the first chat does not wait for it."""
        if self.warm is not None:
            async with self.engines.using(self.warm, self.models[self.warm]):
                pass

    def files(self, model: str) -> ModelFiles:
        """Return where `model` lies; 404 where there is none of this name."""
        found = self.models.get(model) or (self.training.model(model) if self.training else None)
        if found is None:
            raise _no_model(model)
        return found

    async def chat(self, request: Request) -> Response:
        """POST /chat/completions."""
        asked = read_chat(await json_body(request), self.limits.choices)
        files = self.files(asked.model)
        if self.chatting >= self.limits.chats:
            raise ApiError(429, "Too many requests are in flight; try again in a moment.", code="rate_limit_exceeded")
        self.chatting += 1
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._chatted)
            engine = await stack.enter_async_context(self.engines.using(asked.model, files))
            completion = chat.Completion(asked, engine, self.mailbox)
            if not asked.stream:
                return JSONResponse(await _unless_gone(request, completion.whole()))
            chunks = completion.chunks()
            stack.push_async_callback(chunks.aclose)
            first = await _unless_gone(request, anext(chunks))
            held = stack.pop_all()

        async def sent() -> AsyncIterator[str]:
            async with held:
                yield first
                async for chunk in chunks:
                    yield chunk

        return StreamingResponse(sent(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def list_models(self, _: Request) -> Response:
        """GET /models."""
        trained = self.training.models() if self.training else []
        return JSONResponse({"object": "list", "data": [_model(name) for name in self.models] + trained})

    async def get_model(self, request: Request) -> Response:
        """GET /models/{model}."""
        name = request.path_params["model"]
        found = _model(name) if name in self.models else self.training.description(name) if self.training else None
        if found is None:
            raise _no_model(name)
        return JSONResponse(found)

    async def delete_model(self, request: Request) -> Response:
        """DELETE /models/{model}; what the server was started with stays."""
        name = request.path_params["model"]
        if name in self.models:
            raise ApiError(403, f"The model `{name}` is no tuned model and cannot be deleted.", param="model", code="permission_denied")
        if self.training is None:
            raise _no_model(name)
        for gone in await asyncio.to_thread(self.training.delete_model, name):
            await self.engines.drop(gone)
        return JSONResponse({"id": name, "object": "model", "deleted": True})

    def _chatted(self) -> None:
        self.chatting -= 1


def build(service: Service, api_key: str, hosts: tuple[str, ...] = LOOPBACK) -> ASGIApp:
    """Return the application: guard, routes, errors in the protocol's shape."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if service.training is not None:
            service.training.start()
        warming = asyncio.create_task(service.warm_up())
        yield
        await asyncio.gather(warming, return_exceptions=True)  # the first chat says what is wrong with a model
        if service.training is not None:
            await asyncio.to_thread(service.training.stop)
        await asyncio.to_thread(service.engines.close)

    routes = [
        route("POST", "/v1/chat/completions", service.chat),
        route("GET", "/v1/models", service.list_models),
        route("GET", "/v1/models/{model}", service.get_model),
        route("DELETE", "/v1/models/{model}", service.delete_model),
        *(service.training.routes() if service.training is not None else []),
    ]
    handlers: Mapping[Any, Any] = {
        ApiError: on_api_error,
        TutorError: on_tutor_error,
        HTTPException: on_http_error,
        OSError: on_disk_error,
        sqlite3.Error: on_disk_error,
        Exception: on_failure,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False  # an address is right or unknown
    return Guard(app, api_key, service.limits, hosts)


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await `work`; stop it when the client hangs up."""
    working = asyncio.ensure_future(work)
    listening = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ApiError(499, "The client closed the connection.")
        return working.result()
    finally:
        working.cancel()
        listening.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "local"}


def _no_model(name: str) -> ApiError:
    return ApiError(404, f"The model `{name}` does not exist.", param="model", code="model_not_found")
