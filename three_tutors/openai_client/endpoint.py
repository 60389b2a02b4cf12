"""A chat endpoint that speaks the OpenAI protocol, local or remote, where a model answers: at one address or at several."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from three_tutors.openai_client.addresses import Addresses, NoAnswerError, check
from three_tutors.openai_client.completion import (
    Pieces,
    ending,
    estimated_prompt_tokens,
    estimated_reply_tokens,
    first_choice,
    message_text,
    token_count,
)
from three_tutors.openai_client.refusals import Refusals, filtered
from three_tutors.pipeline.diagnostics import EndpointError, ParamsError
from three_tutors.pipeline.text import repaired
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    import openai

LOCAL = ("127.0.0.1", "localhost", "::1")
NO_PROXY = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
"""No proxy that the environment names is asked for this machine; it would look for the server on its own."""

CONNECT_SECONDS = 10.0
"""Longest wait for a connection where there are other addresses: a machine that is gone does not say so."""
BUSY = (408, 409, 429)
BROKEN = 500
"""This status and those above it say that the server failed, not that the request is wrong."""

T = TypeVar("T")


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
    """`stop` where the model ended its turn, `length` where it was cut at `max_tokens`; where there is no text it says why:
    `refusal`, `content_filter`, `tool_calls`."""
    prompt_tokens: int
    completion_tokens: int
    strategy: str = ""
    """The teaching strategy that a tutor says it chose for this reply; empty where it says none."""
    estimated: bool = False
    """Whether the endpoint gave no usable count of tokens, so that these are estimates on the high side."""


@dataclass(frozen=True)
class Endpoint:
    """One model behind one OpenAI-compatible URL, or behind several that share the requests."""

    base_url: str
    """Up to and including `/v1`."""
    model: str
    api_key: str = field(repr=False)
    concurrency: int = 32
    """Requests that one address answers at once; more would wait."""
    timeout_seconds: float = 600.0
    refusals: Refusals = field(default_factory=Refusals, repr=False, compare=False)
    """Arguments that the model turned out not to take; it is asked without them."""
    others: tuple[str, ...] = ()
    """More addresses where the same model answers. A dead one costs the replies under way there, which others are asked for."""
    alone: bool = True
    """Whether no other address answers instead: then the client itself asks again where it may help."""

    def __post_init__(self) -> None:
        """Check the addresses, which a person wrote.

        Raises:
            ParamsError: one is none, or is named twice.

        """
        check(self.urls)

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address."""
        return (self.base_url, *self.others)

    @property
    def at_once(self) -> int:
        """Requests that all addresses together answer at once."""
        return self.concurrency * len(self.urls)

    @property
    def is_local(self) -> bool:
        """Whether the model runs on this machine, where a reply costs nothing."""
        return all(urlsplit(url).hostname in LOCAL for url in self.urls)

    def remarks(self, estimated: int) -> list[str]:
        """Return what was otherwise than asked for, as sentences; `estimated` replies came without a count of tokens."""
        uncounted = f"It gave no count of tokens for {estimated} replies; theirs are estimates on the high side." if estimated else ""
        return [sentence for sentence in (str(self.refusals), uncounted) if sentence]

    @cached_property
    def client(self) -> openai.OpenAI:
        """The official client of one address; alone it retries 408, 409, 429 and 5xx twice with backoff."""
        import openai  # noqa: PLC0415 - half a second that only a caller of an endpoint pays

        http_client = openai.DefaultHttpxClient(mounts=NO_PROXY)
        made = openai.OpenAI(base_url=self.base_url, api_key=self.api_key, timeout=self.timeout_seconds, http_client=http_client)
        if self.alone:
            return made
        return made.with_options(max_retries=0, timeout=openai.Timeout(self.timeout_seconds, connect=CONNECT_SECONDS))

    @cached_property
    def addresses(self) -> Addresses:
        """Who is asked next, where there are several."""
        return Addresses(self.urls, self.concurrency)

    @cached_property
    def _each(self) -> dict[str, Endpoint]:
        """An endpoint for each of several addresses."""
        return {url: replace(self, base_url=url, others=(), alone=False) for url in self.urls}

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the model's reply to one conversation; a refusal or a filtered reply has no text and says so in `finish_reason`.

        Raises:
            EndpointError: the endpoint refused the request, failed, timed out or could not be reached.

        """
        if not self.others:
            return self._chat(messages, sampling)
        return self.addresses.asked(lambda url: self._each[url]._chat(messages, sampling))  # noqa: SLF001 - one of us

    def _chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the reply of the one address.

        Raises:
            NoAnswerError: another address may answer.
            EndpointError: the request was refused.

        """
        import openai  # noqa: PLC0415 - see `client`

        try:
            completion = self._asked(lambda body: self.client.post("/chat/completions", body=body, cast_to=object), messages, sampling)
        except openai.APIStatusError as error:
            if filtered(error):
                return self._reply("", "content_filter", None, messages, sampling)
            kind = NoAnswerError if error.status_code in BUSY or error.status_code >= BROKEN else EndpointError
            raise kind(self._sentence(error)) from error
        except self._failures() as error:
            raise NoAnswerError(self._sentence(error)) from error
        choice = first_choice(completion)
        if choice is None:
            raise NoAnswerError(f"{self.model} at {self.base_url} answered with something else than a chat completion.")
        message, usage = choice.get("message"), completion.get("usage") if isinstance(completion, dict) else None
        text = repaired(message_text(message))
        return self._reply(text, ending(choice.get("finish_reason"), message, text), usage, messages, sampling)

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the reply piece by piece as it is made; what the generator returns is the whole reply.

        Raises:
            EndpointError: the endpoint refused, failed, timed out, could not be reached or broke off before the end.

        """
        if not self.others:
            return (yield from self._stream(messages, sampling))
        return (yield from self.addresses.streamed(lambda url: self._each[url]._stream(messages, sampling)))  # noqa: SLF001 - one of us

    def _stream(self, messages: Sequence[Message], sampling: Sampling) -> Generator[str, None, Reply]:
        """Do at the one address what `stream` says, with the errors of `_chat`."""
        import openai  # noqa: PLC0415 - see `client`

        pieces, finish_reason, refusal, usage = Pieces(), None, None, None
        # Untyped, because checking the request and every piece against the client's types takes longer than all the rest.
        untyped = openai.Stream[object]
        try:
            with self._asked(
                lambda body: self.client.post("/chat/completions", body=body, cast_to=object, stream=True, stream_cls=untyped),
                messages,
                sampling,
                stream=True,
                stream_options={"include_usage": True},
            ) as chunks:
                for chunk in chunks:
                    usage = (chunk.get("usage") if isinstance(chunk, dict) else None) or usage
                    choice = first_choice(chunk) or {}
                    delta = choice.get("delta")
                    if shown := pieces.add(message_text(delta)):
                        yield shown
                    refusal = (isinstance(delta, dict) and delta.get("refusal")) or refusal
                    finish_reason = choice.get("finish_reason") or finish_reason
        except openai.APIStatusError as error:
            if filtered(error):
                return self._reply("", "content_filter", None, messages, sampling)
            kind = NoAnswerError if error.status_code in BUSY or error.status_code >= BROKEN else EndpointError
            raise kind(self._sentence(error)) from error
        except self._failures() as error:
            raise NoAnswerError(self._sentence(error)) from error
        if not finish_reason:
            raise NoAnswerError(f"{self.model} at {self.base_url} broke off before the end of its reply.")
        if shown := pieces.end():
            yield shown
        return self._reply(pieces.text, ending(finish_reason, {"refusal": refusal}, pieces.text), usage, messages, sampling)

    def _asked(self, send: Callable[[dict[str, Any]], T], messages: Sequence[Message], sampling: Sampling, **more: Any) -> T:  # noqa: ANN401
        """Return what `send` gets; where the model refuses an argument, ask again without it, and never with it again."""
        import openai  # noqa: PLC0415 - see `client`

        request = {
            "model": self.model,
            "messages": list(messages),
            "max_completion_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            **({} if sampling.seed is None else {"seed": sampling.seed}),
            **more,
        }
        while True:
            body = self.refusals.fitted(request)
            try:
                return send(body)
            except openai.APIStatusError as error:
                if not self.refusals.learn(error, body):
                    raise

    def _reply(self, text: str, finish_reason: str, usage: object, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return a reply with the service's counts of tokens, or estimates where it gives none: budgets rest on them."""
        prompt, completion = token_count(usage, "prompt_tokens"), token_count(usage, "completion_tokens")
        cut = finish_reason == "length"  # a model that thinks may have used up the limit without a word
        estimated = prompt is None or (completion is None and (cut or bool(text)))
        if prompt is None:
            prompt = estimated_prompt_tokens(messages)
        if completion is None:
            completion = sampling.max_tokens if cut else min(estimated_reply_tokens(text), sampling.max_tokens)
        return Reply(text, finish_reason, prompt, completion, estimated=estimated)

    def _failures(self) -> tuple[type[Exception], ...]:
        """Return what can go wrong between here and a reply; reading JSON fails with a ValueError or on its depth."""
        import openai  # noqa: PLC0415 - see `client`

        return (openai.OpenAIError, ValueError, RecursionError, *transport_errors())

    def _sentence(self, error: Exception) -> str:
        return f"{self.model} at {self.base_url} did not answer: {str(error).rstrip('.')}. Check the address, the key and the model's name."


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
