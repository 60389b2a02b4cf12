"""A chat endpoint that speaks the OpenAI protocol, local or remote, where a model answers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from three_tutors.pipeline.diagnostics import EndpointError, ParamsError
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    import openai


@dataclass(frozen=True)
class Sampling:
    """How a reply is drawn. Temperature 0 is greedy and repeats exactly."""

    max_tokens: int
    """Most tokens of a reply."""
    temperature: float = 0.0
    seed: int | None = None


@dataclass(frozen=True)
class Reply:
    """What a model said, and what it took."""

    text: str
    finish_reason: str
    """`stop` where the model ended its turn, `length` where it was cut at `max_tokens`."""
    prompt_tokens: int
    completion_tokens: int
    strategy: str = ""
    """The teaching strategy that a tutor says it chose for this reply; empty where it says none."""


@dataclass(frozen=True)
class Endpoint:
    """One model behind one OpenAI-compatible URL."""

    base_url: str
    """Up to and including `/v1`."""
    model: str
    api_key: str = field(repr=False)
    concurrency: int = 32
    """Requests that it answers at once; more would wait."""
    timeout_seconds: float = 600.0

    @property
    def is_local(self) -> bool:
        """Whether the model runs on this machine, where a reply costs nothing."""
        return self.base_url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))

    @cached_property
    def client(self) -> openai.OpenAI:
        """The official client; it retries 408, 409, 429 and 5xx twice with backoff."""
        import openai  # noqa: PLC0415 - half a second that only a caller of an endpoint pays

        from three_tutors.openai_client.loopback import ORIGIN, Loopback  # noqa: PLC0415 - needs httpx, as the client does

        http_client = openai.DefaultHttpxClient(mounts={ORIGIN: Loopback()})
        return openai.OpenAI(base_url=self.base_url, api_key=self.api_key, timeout=self.timeout_seconds, http_client=http_client)

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the model's reply to one conversation.

        Raises:
            EndpointError: the endpoint refused, failed, timed out or could not be reached.

        """
        import openai  # noqa: PLC0415 - see `client`

        try:
            completion = self.client.chat.completions.create(**self._request(messages, sampling))
        except (openai.OpenAIError, json.JSONDecodeError) as error:
            raise EndpointError(self._sentence(error)) from error
        if not getattr(completion, "choices", None):  # a page of a proxy, or of something else that listens there
            raise EndpointError(f"{self.model} at {self.base_url} answered with something else than a chat completion.")
        choice = completion.choices[0]
        usage = completion.usage
        return Reply(
            text=choice.message.content or "",
            finish_reason=choice.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the reply piece by piece as it is made; what the generator returns is the whole reply.

        Raises:
            EndpointError: the endpoint refused, failed, timed out, could not be reached or broke off before the end.

        """
        import openai  # noqa: PLC0415 - see `client`

        failures: tuple[type[Exception], ...] = (openai.OpenAIError, json.JSONDecodeError, *transport_errors())
        text: list[str] = []
        finish_reason: str | None = None
        usage: dict[str, int] = {}
        request = {**self._request(messages, sampling), "stream": True, "stream_options": {"include_usage": True}}
        # The client's own way past its types: holding the request and every piece against them takes longer than all the rest.
        untyped = openai.Stream[object]
        try:
            with self.client.post("/chat/completions", body=request, cast_to=object, stream=True, stream_cls=untyped) as chunks:
                for chunk in chunks:
                    if not isinstance(chunk, dict):
                        continue
                    usage = chunk.get("usage") or usage
                    for choice in chunk.get("choices") or ():
                        finish_reason = choice.get("finish_reason") or finish_reason
                        piece = (choice.get("delta") or {}).get("content")
                        if piece:
                            text.append(piece)
                            yield piece
        except failures as error:
            raise EndpointError(self._sentence(error)) from error
        if finish_reason is None:
            raise EndpointError(f"{self.model} at {self.base_url} broke off before the end of its reply.")
        return Reply("".join(text), finish_reason, usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0))

    def _request(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.model,
            "messages": list(messages),
            "max_completion_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
        }
        if sampling.seed is not None:
            request["seed"] = sampling.seed
        return request

    def _sentence(self, error: Exception) -> str:
        return f"{self.model} at {self.base_url} did not answer: {error}. Check the address, the key and the model's name."


def transport_errors() -> tuple[type[Exception], ...]:
    """Return what a connection that breaks in the middle of a stream raises; the client wraps it only before the first byte."""
    return tuple(sys.modules[name].HTTPError for name in ("httpx", "httpx2") if name in sys.modules)


def api_key(name: str) -> str:
    """Return the key in environment variable `name`; keys are never written to a file.

    Raises:
        ParamsError: the variable is not set.

    """
    key = os.environ.get(name, "")
    if not key:
        raise ParamsError(f"The environment variable {name} is not set; put the endpoint's key there, never in params.yaml.")
    return key
