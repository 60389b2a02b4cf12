"""The language model that DSPy asks: our endpoint behind the meter, as a DSPy 3.4 engine.

Every call of a program, an optimiser or a proposer takes this one way, so that it is counted, filed and stopped
whatever DSPy does around it. DSPy's own caches stay off: their key ignores the address, so that two servers with one
model name would give each other's answers, and their files are pickles in the home directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dspy
from dspy.lm15 import Message as DspyMessage
from dspy.lm15 import Request, Response, TextPart, response_to_events
from dspy.lm15 import Usage as DspyUsage

from three_tutors.openai_client.endpoint import Sampling
from three_tutors.prompting.meter import Meter, Model
from three_tutors.tutoring.formats import Message

REFLECTION_TOKENS = 2000
"""Most tokens of what a reflection model writes, unless the caller says otherwise."""


class MeteredEngine:
    """Answers DSPy's requests through a meter."""

    def __init__(self, model: Model, meter: Meter, sampling: Sampling) -> None:
        """Ask `model` through `meter`; `sampling` fills what a request leaves open."""
        self._model = model
        self._meter = meter
        self._sampling = sampling

    def complete(self, request: Request) -> Response:
        """Return the reply to one request."""
        config = request.config
        sampling = Sampling(
            max_tokens=config.max_tokens or self._sampling.max_tokens,
            temperature=self._sampling.temperature if config.temperature is None else config.temperature,
            seed=self._sampling.seed if config.seed is None else config.seed,
        )
        reply = self._meter.ask(self._model, chat_messages(request), sampling)
        return Response(
            id=None,
            model=self._model.endpoint.model,
            message=DspyMessage.assistant([TextPart(reply.text)]),
            finish_reason="length" if reply.finish_reason == "length" else "stop",
            usage=DspyUsage(input_tokens=reply.prompt_tokens, output_tokens=reply.completion_tokens),
        )

    def stream(self, request: Request) -> Iterator[Any]:
        """Return the reply as the events of a stream; it comes in one piece."""
        return response_to_events(self.complete(request))

    def close(self) -> None:
        """Do nothing: the endpoint is the caller's."""


class MeteredLM(dspy.LM):
    """A `dspy.LM` whose rollouts differ: DSPy's rollout number becomes the seed of the draw, which our ledger is keyed by."""

    def copy(self, **kwargs: Any) -> MeteredLM:  # noqa: ANN401 - DSPy's signature
        """Return a copy with other settings."""
        if kwargs.get("rollout_id") is not None:
            kwargs = {**kwargs, "seed": int(kwargs["rollout_id"]) % 2**31}
        return super().copy(**kwargs)


def language_model(model: Model, meter: Meter, sampling: Sampling) -> MeteredLM:
    """Return the language model for DSPy."""
    return MeteredLM(model.endpoint.model, engine=MeteredEngine(model, meter, sampling), cache=False, num_retries=0)


def chat_messages(request: Request) -> list[Message]:
    """Return a DSPy request as chat messages, word for word."""
    said: list[Message] = []
    if request.system is not None:
        system = request.system if isinstance(request.system, str) else "".join(part.text for part in request.system)
        said.append({"role": "system", "content": system})
    said += [{"role": "assistant" if part.role == "assistant" else "user", "content": part.text or ""} for part in request.messages]
    return said
