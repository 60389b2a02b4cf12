"""Answer chat requests: from messages to tokens, from tokens to the protocol's completions and chunks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

from stages.local_openai.chat_request import ChatRequest
from stages.local_openai.engine import Draw, End, Engine, Token, tokens
from stages.local_openai.errors import invalid
from stages.local_openai.text_stream import TextStream, byte_alphabet
from stages.tutoring.diagnostics import TutorError


@dataclass(frozen=True)
class Piece:
    """Some text of one choice; the last piece says why it ends."""

    choice: int
    text: str
    logprobs: tuple[dict[str, Any], ...] = ()
    finish_reason: str | None = None
    completion_tokens: int = 0
    """Tokens of the whole choice, on its last piece."""


@dataclass(frozen=True)
class Prepared:
    """A request with its prompt in tokens, ready to be answered."""

    request: ChatRequest
    engine: Engine
    prompt: list[int]
    draw: Draw
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    async def pieces(self, choice: int) -> AsyncGenerator[Piece, None]:
        """Yield one choice as it is made."""
        draw = changed(self.draw, seed=self.draw.seed + choice)
        text = TextStream(self._decode, self.request.stop)
        waiting: list[dict[str, Any]] = []
        count = 0
        async with contextlib.aclosing(tokens(self.engine, self.prompt, draw)) as made:
            async for one in made:
                if isinstance(one, End):
                    yield Piece(choice, text.finish(), tuple(waiting), "stop" if text.stopped else one.reason, count)
                    return
                count += 1
                if self.request.logprobs:
                    waiting.append(self._logprob(one))
                new = text.add(one.id)
                if text.stopped:
                    yield Piece(choice, new, tuple(waiting), "stop", count)
                    return
                if new:
                    yield Piece(choice, new, tuple(waiting))
                    waiting.clear()

    async def completion(self) -> dict[str, Any]:
        """Return the whole answer at once."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._choice(index)) for index in range(self.request.n)]
        made = [task.result() for task in tasks]
        return {
            **self._head("chat.completion"),
            "choices": [choice for choice, _ in made],
            "usage": self._usage(sum(count for _, count in made)),
        }

    async def events(self) -> AsyncGenerator[str, None]:
        """Yield the answer as server-sent events, the choices as they come, `[DONE]` last."""
        total = 0
        for index in range(self.request.n):
            yield self._event([self._delta(index, {"role": "assistant", "content": "", "refusal": None})])
        try:
            async with contextlib.aclosing(self._merged()) as merged:
                async for piece in merged:
                    total += piece.completion_tokens
                    if piece.text or piece.logprobs:
                        yield self._event([self._delta(piece.choice, {"content": piece.text}, piece.logprobs)])
                    if piece.finish_reason:
                        yield self._event([self._delta(piece.choice, {}, finish_reason=piece.finish_reason)])
        except TutorError as error:
            # The status line is gone; the client raises what an event named error holds.
            yield f"data: {json.dumps({'error': {'message': str(error), 'type': 'server_error', 'param': None, 'code': None}})}\n\n"
            return
        if self.request.include_usage:
            yield self._event([], usage=self._usage(total))
        yield "data: [DONE]\n\n"

    async def _choice(self, index: int) -> tuple[dict[str, Any], int]:
        said = [piece async for piece in self.pieces(index)]
        logprobs = [one for piece in said for one in piece.logprobs]
        choice = {
            "index": index,
            "message": {"role": "assistant", "content": "".join(piece.text for piece in said), "refusal": None},
            "logprobs": {"content": logprobs, "refusal": None} if self.request.logprobs else None,
            "finish_reason": said[-1].finish_reason,
        }
        return choice, said[-1].completion_tokens

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
        return {"id": self.id, "object": kind, "created": self.created, "model": self.request.model, "system_fingerprint": None}

    def _event(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> str:
        chunk = {**self._head("chat.completion.chunk"), "choices": choices}
        if self.request.include_usage:
            chunk["usage"] = usage
        return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"

    def _delta(
        self, index: int, delta: dict[str, Any], logprobs: tuple[dict[str, Any], ...] = (), finish_reason: str | None = None
    ) -> dict[str, Any]:
        told = {"content": list(logprobs), "refusal": None} if logprobs else None
        return {"index": index, "delta": delta, "logprobs": told, "finish_reason": finish_reason}

    def _usage(self, completion: int) -> dict[str, Any]:
        return {
            "prompt_tokens": len(self.prompt),
            "completion_tokens": completion,
            "total_tokens": len(self.prompt) + completion,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def _decode(self, ids: Any) -> str:  # noqa: ANN401 - the tokenizer types it so
        return str(self.engine.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _logprob(self, token: Token) -> dict[str, Any]:
        return {**self._named(token.id, token.logprob), "top_logprobs": [self._named(one, logprob) for one, logprob in token.top]}

    def _named(self, token: int, logprob: float) -> dict[str, Any]:
        # JSON has no minus infinity; OpenAI writes -9999 for a token that cannot come.
        text = str(self.engine.tokenizer.decode([token], clean_up_tokenization_spaces=False))
        return {"token": text, "logprob": max(logprob, -9999.0), "bytes": self._bytes(token, text)}

    def _bytes(self, token: int, text: str) -> list[int] | None:
        alphabet = byte_alphabet()
        written = str(self.engine.tokenizer.convert_ids_to_tokens(token))
        if "\ufffd" not in text:
            return list(text.encode())
        return [alphabet[one] for one in written] if set(written) <= alphabet.keys() else None


def prepare(request: ChatRequest, engine: Engine) -> Prepared:
    """Turn the messages into the model's prompt and see that the reply fits its window.

    Raises:
        ApiError: 400 where it does not fit, or where the model's template refuses the conversation.

    """
    from stages.language_model import chat_template  # noqa: PLC0415 - a server without chats needs no transformers
    from stages.tutoring.diagnostics import DataError  # noqa: PLC0415

    try:
        prompt = chat_template.prompt_ids(engine.tokenizer, list(request.messages))
    except DataError as error:
        raise invalid(str(error), "messages", "invalid_value") from None
    room = engine.context_length - len(prompt)
    wanted = request.max_tokens or max(room, 1)
    if wanted > room:
        raise invalid(
            f"This model's maximum context length is {engine.context_length} tokens. However, you requested {len(prompt) + wanted} tokens "
            f"({len(prompt)} in the messages, {wanted} in the completion).",
            "messages",
            "context_length_exceeded",
        )
    draw = Draw(wanted, request.temperature, request.top_p, request.seed, request.top_logprobs if request.logprobs else 0)
    return Prepared(request, engine, prompt, draw)
