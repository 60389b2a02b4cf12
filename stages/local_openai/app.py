"""The routes of the server, and what they share."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from stages.local_openai import chat
from stages.local_openai.chat_request import read_chat
from stages.local_openai.engine import Engine, Engines, ModelFiles
from stages.local_openai.errors import ApiError, invalid, on_api_error, on_failure, on_http_error, on_tutor_error
from stages.local_openai.guard import LOOPBACK, Guard, Limits
from stages.tutoring.diagnostics import TutorError


@dataclass
class Service:
    """What the routes share."""

    models: Mapping[str, ModelFiles]
    load: Callable[[ModelFiles], Engine]
    limits: Limits = field(default_factory=Limits)
    chatting: int = 0
    engines: Engines = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is loaded before it is asked for."""
        self.engines = Engines(self.load)

    def files(self, model: str) -> ModelFiles:
        """Return where `model` lies; 404 where there is none of this name."""
        if model not in self.models:
            raise ApiError(404, f"The model `{model}` does not exist.", param="model", code="model_not_found")
        return self.models[model]

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
            reply = chat.Reply(asked, engine)
            if not asked.stream:
                return JSONResponse(await _unless_gone(request, reply.completion()))
            chunks = reply.chunks()
            first = await anext(chunks)
            held = stack.pop_all()

        async def sent() -> AsyncIterator[str]:
            async with held, contextlib.aclosing(chunks):
                yield first
                async for chunk in chunks:
                    yield chunk

        return StreamingResponse(sent(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def list_models(self, _: Request) -> Response:
        """GET /models."""
        return JSONResponse({"object": "list", "data": [_model(name) for name in self.models]})

    async def get_model(self, request: Request) -> Response:
        """GET /models/{model}."""
        name = request.path_params["model"]
        self.files(name)
        return JSONResponse(_model(name))

    def _chatted(self) -> None:
        self.chatting -= 1


def build(service: Service, api_key: str, hosts: tuple[str, ...] = LOOPBACK) -> ASGIApp:
    """Return the application: guard, routes, errors in the protocol's shape."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        service.engines.close()

    routes = [
        Route("/v1/chat/completions", service.chat, methods=["POST"]),
        Route("/v1/models", service.list_models, methods=["GET"]),
        Route("/v1/models/{model}", service.get_model, methods=["GET"]),
    ]
    handlers: Mapping[Any, Any] = {ApiError: on_api_error, TutorError: on_tutor_error, HTTPException: on_http_error, Exception: on_failure}
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return Guard(app, api_key, service.limits, hosts)


async def json_body(request: Request) -> dict[str, Any]:
    """Return the body as an object, or refuse it."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise invalid("We could not parse the JSON body of your request.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise invalid("The JSON body of a request is an object.", code="invalid_json")
    return body


async def _unless_gone(request: Request, answer: Any) -> dict[str, Any]:  # noqa: ANN401 - a coroutine
    """Await `answer`; stop working on it when the client hangs up."""
    working = asyncio.ensure_future(answer)
    listening = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ApiError(499, "The client closed the connection.")
        result: dict[str, Any] = working.result()
        return result
    finally:
        working.cancel()
        listening.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "local"}
