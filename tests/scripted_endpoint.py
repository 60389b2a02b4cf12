"""An OpenAI chat endpoint that says what it is told to, and fails how it is told to; a fake at the seam of every tutor.

The model's name is the script: `echo` repeats the last message, `words:20:0.05` says 20 words, one every 0.05 s,
`says:TEXT` says TEXT, `fails`, `breaks` (resets the connection in the middle), `cuts` (just ends there), `garbage`,
`silent` (ends without a word), `refuses`, `hangs`, `length` (cut at max_tokens), `filtered`; anything else asks which half is bigger.
`python -m tests.scripted_endpoint` runs it as a process of its own and prints its address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from three_tutors.openai_server.listening import listening, served

ASKED: list[dict[str, Any]] = []
"""Every request so far, so that a test can see what a tutor was asked."""


async def chat(request: Request) -> Response:
    """Answer one chat request, streamed or not."""
    body = await request.json()
    ASKED.append(body)
    model = body["model"]
    if model == "fails":
        return JSONResponse({"error": {"message": "the model is on fire", "type": "server_error"}}, 400)
    if not body.get("stream"):
        message = {"role": "assistant", "content": "ok"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"id": "x", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": usage})
    return StreamingResponse(_events(model, body), media_type="text/event-stream")


async def _events(model: str, body: dict[str, Any]) -> AsyncIterator[str]:
    words, pause = _words(model, body)
    for number, word in enumerate(words):
        if model == "breaks" and number == 3:
            raise ConnectionResetError
        if model == "cuts" and number == 3:
            return
        if model == "garbage" and number == 3:
            yield "data: {this is no JSON\n\n"
        yield _chunk(model, {"content": word}, None)
        await asyncio.sleep(pause)
    if model == "hangs":
        await asyncio.sleep(60)
    if model == "refuses":
        yield _chunk(model, {"refusal": "I can't help with that."}, None)
    yield _chunk(model, {}, {"length": "length", "filtered": "content_filter"}.get(model, "stop"))
    if body.get("stream_options", {}).get("include_usage"):
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        usage = {"prompt_tokens": prompt, "completion_tokens": len(words), "total_tokens": prompt + len(words)}
        last = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [], "usage": usage}
        yield f"data: {json.dumps(last)}\n\n"
    yield "data: [DONE]\n\n"


def _words(model: str, body: dict[str, Any]) -> tuple[list[str], float]:
    if model.startswith("words:"):
        _, count, pause = model.split(":")
        return [f"word{number} " for number in range(int(count))], float(pause)
    if model.startswith("says:"):
        return [model.removeprefix("says:")], 0.0
    if model in {"silent", "refuses"}:
        return [], 0.0
    if model == "echo":
        return ["You said: ", body["messages"][-1]["content"]], 0.0
    return ["Which ", "half ", "is ", "bigger?"], 0.0


def _chunk(model: str, delta: dict[str, str], finish_reason: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n"


app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Yield the base URL of a scripted endpoint on a thread of this process."""
    with listening("127.0.0.1", port, "") as listener, served(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


if __name__ == "__main__":
    with running() as url:
        print(url, flush=True)
        threading.Event().wait()
