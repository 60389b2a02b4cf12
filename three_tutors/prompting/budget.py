"""What calls take, and how much an optimisation may take: calls, tokens, seconds and dollars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from three_tutors.openai_client.completion import estimated_prompt_tokens
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.pipeline.params import params
from three_tutors.tutoring.formats import Message


@params
class Price:
    """US dollars per 1 million tokens."""

    prompt: Annotated[float, Field(ge=0)] = 0.0
    """Of what is sent."""
    completion: Annotated[float, Field(ge=0)] = 0.0
    """Of what is answered."""


@dataclass(frozen=True)
class Usage:
    """Calls and what they took."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0
    """Billionths of a US dollar: whole, so that the sum does not depend on which thread was first."""

    @property
    def dollars(self) -> float:
        """The same in US dollars."""
        return self.nano_usd / 1e9

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        """Return both together."""
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.nano_usd + other.nano_usd,
        )

    def __sub__(self, other: Usage) -> Usage:
        """Return what came on top of `other`."""
        return Usage(
            self.calls - other.calls,
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
            self.nano_usd - other.nano_usd,
        )

    def __floordiv__(self, count: int) -> Usage:
        """Return about what one of `count` took."""
        return Usage(self.calls // count, self.prompt_tokens // count, self.completion_tokens // count, self.nano_usd // count)


@params
class Budget:
    """What an optimisation may take, at most."""

    calls: Annotated[int, Field(ge=1)]
    """Requests."""
    tokens: Annotated[int, Field(ge=1)]
    """Prompts and replies together."""
    seconds: Annotated[float, Field(gt=0)]
    """The only limit that can make two runs differ; leave it generous."""
    dollars: Annotated[float, Field(ge=0)]
    """At the prices given beside the models."""

    def __str__(self) -> str:
        """Return the limits as a person says them."""
        return f"{self.calls} calls, {self.tokens} tokens, {self.seconds:g} s, ${self.dollars:g}"

    def exceeded_by(self, usage: Usage, seconds: float) -> str:
        """Return which limit `usage` exceeds, as `calls`, `tokens`, `seconds` or `dollars`; empty where none."""
        over = {
            "calls": usage.calls > self.calls,
            "tokens": usage.tokens > self.tokens,
            "dollars": usage.dollars > self.dollars,
            "seconds": seconds > self.seconds,
        }
        return next((name for name, exceeded in over.items() if exceeded), "")


def at_most(messages: Sequence[Message], sampling: Sampling, price: Price) -> Usage:
    """Return more than a call can take, before it is made."""
    return _usage(estimated_prompt_tokens(messages), sampling.max_tokens, price)


def taken(reply: Reply, price: Price) -> Usage:
    """Return what a call took."""
    return _usage(reply.prompt_tokens, reply.completion_tokens, price)


def _usage(prompt: int, completion: int, price: Price) -> Usage:
    return Usage(1, prompt, completion, round((prompt * price.prompt + completion * price.completion) * 1000))
