"""A reply as the protocol tells it: from what an engine says to completions and chunks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from three_tutors.language_model.replies import Event, Options, TokenLogprob
from three_tutors.openai_server.chat_request import ChatRequest
from three_tutors.openai_server.engine import Engine, Mailbox, events, whole
from three_tutors.pipeline.diagnostics import TutorError

_JSON = json.JSONEncoder(ensure_ascii=False)
"""Made once: `json.dumps` with an option would make a new encoder for every token."""


@dataclass(frozen=True)
class Piece:
    """Some text of one choice; the last piece says why it ends."""

    choice: int
    text: str
    logprobs: tuple[dict[str, Any], ...] = ()
    finish_reason: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Tokens of the whole choice, on its last piece."""


@dataclass
class Completion:
    """The reply to one request, on its way."""

    request: ChatRequest
    engine: Engine
    mailbox: Mailbox
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    async def pieces(self, choice: int) -> AsyncGenerator[Piece, None]:
        """Yield one choice as it is made."""
        waiting: list[dict[str, Any]] = []
        async with contextlib.aclosing(events(self.engine, self.request.messages, self._options(choice), self.mailbox)) as made:
            async for event in made:
                if piece := self._piece(choice, event, waiting):
                    yield piece

    async def whole(self) -> dict[str, Any]:
        """Return the whole reply at once."""
        made = await asyncio.gather(*(self._choice(index) for index in range(self.request.n)))
        return {
            **self._head("chat.completion"),
            "choices": [choice for choice, _ in made],
            "usage": _usage([last for _, last in made]),
        }

    async def chunks(self) -> AsyncGenerator[str, None]:
        """Yield the reply as server-sent events, the choices as they come, `[DONE]` last.

        Nothing is yielded before the model has begun to reply, so that a refusal still has a status of its own.
        """
        ended: list[Piece] = []
        begun: set[int] = set()
        try:
            async with contextlib.aclosing(self._merged()) as merged:
                async for piece in merged:
                    if piece.choice not in begun:
                        begun.add(piece.choice)
                        yield self._event([_delta(piece.choice, {"role": "assistant", "content": "", "refusal": None})])
                    if piece.text or piece.logprobs:
                        yield self._event([_delta(piece.choice, {"content": piece.text}, piece.logprobs)])
                    if piece.finish_reason:
                        ended.append(piece)
                        yield self._event([_delta(piece.choice, {}, finish_reason=piece.finish_reason)])
        except TutorError as error:
            if not begun:
                raise
            # The status was sent long ago. The client raises an error for a chunk that has the key `error`.
            yield f"data: {json.dumps({'error': {'message': str(error), 'type': 'server_error', 'param': None, 'code': None}})}\n\n"
            return
        if self.request.include_usage:
            yield self._event([], usage=_usage(ended))
        yield "data: [DONE]\n\n"

    async def _choice(self, index: int) -> tuple[dict[str, Any], Piece]:
        waiting: list[dict[str, Any]] = []
        made = await whole(self.engine, self.request.messages, self._options(index), self.mailbox)
        said = [piece for event in made if (piece := self._piece(index, event, waiting))]
        logprobs = [one for piece in said for one in piece.logprobs]
        choice = {
            "index": index,
            "message": {"role": "assistant", "content": "".join(piece.text for piece in said), "refusal": None},
            "logprobs": {"content": logprobs, "refusal": None} if self.request.logprobs else None,
            "finish_reason": said[-1].finish_reason,
        }
        return choice, said[-1]

    def _piece(self, choice: int, event: Event, waiting: list[dict[str, Any]]) -> Piece | None:
        """Return what an event adds to a choice; log-probabilities of tokens without text yet are kept `waiting`."""
        ended = event.finish_reason == "stop" and not event.text
        if event.logprob is not None and not ended:
            top = [_told(one) for one in event.top_logprobs]
            waiting.append({**_told(event.logprob), "top_logprobs": top[: self.request.top_logprobs]})
        if event.finish_reason:
            return Piece(choice, event.text, tuple(waiting), event.finish_reason, event.prompt_tokens, event.completion_tokens)
        if not event.text:
            return None
        piece = Piece(choice, event.text, tuple(waiting))
        waiting.clear()
        return piece

    async def _merged(self) -> AsyncGenerator[Piece, None]:
        """Yield the pieces of all choices in the order in which they come."""
        if self.request.n == 1:
            async with contextlib.aclosing(self.pieces(0)) as only:
                async for piece in only:
                    yield piece
            return
        queue: asyncio.Queue[Piece | None] = asyncio.Queue()

        async def one(index: int) -> None:
            try:
                async for piece in self.pieces(index):
                    await queue.put(piece)
            finally:
                queue.put_nowait(None)

        tasks = [asyncio.create_task(one(index)) for index in range(self.request.n)]
        try:
            running = len(tasks)
            while running:
                made = await queue.get()
                if made is None:
                    running -= 1
                else:
                    yield made
            for task in tasks:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.request.model}

    def _event(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> str:
        chunk = {**self._head("chat.completion.chunk"), "choices": choices}
        if self.request.include_usage:
            chunk["usage"] = usage
        return f"data: {_JSON.encode(chunk)}\n\n"

    def _options(self, choice: int) -> Options:
        asked = self.request
        return Options(
            max_tokens=min(asked.max_tokens or self.engine.context, self.engine.context),
            temperature=asked.temperature,
            top_p=asked.top_p,
            seed=asked.seed + choice,
            stop=asked.stop,
            logprobs=asked.top_logprobs if asked.logprobs else None,
        )


def _told(one: TokenLogprob) -> dict[str, Any]:
    # JSON has no minus infinity; OpenAI writes -9999 for a token that cannot come.
    return {"token": one.token, "logprob": max(one.logprob, -9999.0), "bytes": list(one.raw)}


def _delta(
    index: int, delta: dict[str, Any], logprobs: tuple[dict[str, Any], ...] = (), finish_reason: str | None = None
) -> dict[str, Any]:
    told = {"content": list(logprobs), "refusal": None} if logprobs else None
    return {"index": index, "delta": delta, "logprobs": told, "finish_reason": finish_reason}


def _usage(ended: Sequence[Piece]) -> dict[str, Any]:
    """Count the prompt once, whatever the number of choices, as OpenAI does."""
    prompt, completion = ended[0].prompt_tokens, sum(piece.completion_tokens for piece in ended)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
