"""Count every call that prompt optimisation makes, keep its budget, and stop it when something fails."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from three_tutors.openai_client.completion import estimated_prompt_tokens
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidReplies, call_key
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.params import params
from three_tutors.tutoring.formats import Message

PATIENCE_SECONDS = 60.0
"""Longest wait for replies under way when a climb ends early."""


class Stop(BaseException):
    """Ends an optimisation at once. DSPy turns an `Exception` in a call or a metric into a score of zero and goes on."""


class OverBudgetError(TutorError):
    """The next call would exceed the budget; what was chosen so far stands."""


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


@dataclass(frozen=True)
class Model:
    """A model that can be asked, with what its calls are filed under and cost."""

    endpoint: Endpoint
    identity: str
    """Which weights answer: see `paid_replies.call_key`."""
    price: Price = Price()  # noqa: RUF009 - frozen


class Meter:
    """The one gate through which every call of an optimisation goes."""

    def __init__(self, ledger: PaidReplies, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from zero; `clock` returns seconds."""
        self.ledger = ledger
        self.budget = budget
        self.usage = Usage()
        """Of the whole optimisation: every call once, paid now or found in the ledger, so that a resumed run counts alike."""
        self.paid = Usage()
        """Of the calls that were made now."""
        self.estimated = 0
        """Of those, how many replies came without a count of tokens."""
        self._ahead: set[str] = set()
        """Calls that `ahead` made and nobody asked for yet."""
        self._prepaid = Usage()
        """Their usage."""
        self._early = False
        self._under_way: set[str] = set()
        self._fault: BaseException | None = None
        self._closed = False
        self._counted: set[str] = set()
        self._pending = Usage()
        self._lock = threading.Condition()
        self._clock = clock
        self._started = clock()

    @property
    def seconds(self) -> float:
        """Seconds since the optimisation began."""
        return self._clock() - self._started

    @property
    def spent(self) -> Usage:
        """Return what the optimisation took so far: `usage`, and what was asked ahead."""
        return self.usage + self._prepaid

    @property
    def asked_ahead(self) -> bool:
        """Whether calls were made ahead that nobody asked for yet."""
        return bool(self._ahead)

    def ask(self, model: Model, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the model's reply, from the ledger where it was asked before; two threads never pay for the same call.

        Raises:
            Stop: the endpoint failed, or the call could exceed the budget; `forgive` says which.

        """
        key = call_key(model.identity, messages, sampling)
        most = at_most(messages, sampling, model.price)
        with self.stopping():
            known = self._reserve(key, most)
            reply = None
            try:
                reply = known or model.endpoint.chat(messages, sampling)
                if known is None:
                    self.ledger.put(key, reply)
            finally:
                self._settle(key, most, reply, model.price, paid=known is None)
        return reply

    @contextlib.contextmanager
    def ahead(self) -> Iterator[None]:
        """Keep the calls inside for those who will ask for them: `usage` counts each where it is asked for again.

        So what a candidate took is its own, however many are asked for together.
        """
        self._early = True
        try:
            yield
        finally:
            self._early = False

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Turn whatever fails inside into `Stop`, after which every call stops too; keep what it was for `forgive`."""
        try:
            yield
        except Stop:
            raise
        except BaseException as error:
            self.stop(error)
            raise Stop from error

    def stop(self, error: BaseException) -> None:
        """Let no call be made any more, because of `error`. The first one counts."""
        with self._lock:
            self._closed = True
            self._fault = self._fault or error
            self._lock.notify_all()

    def close(self) -> None:
        """Let no call be made any more, and wait for those that are under way: what was paid is filed before we go on.

        DSPy leaves its threads behind when something fails.
        """
        with self._lock:
            self._closed = True
            self._lock.wait_for(lambda: not self._pending.calls, timeout=PATIENCE_SECONDS)

    def forgive(self) -> str:
        """Return the sentence about the limit that was met; raise anything else that stopped the optimisation."""
        if isinstance(self._fault, OverBudgetError):
            return str(self._fault)
        if self._fault is not None:
            raise self._fault
        return ""

    def fits(self, usage: Usage, seconds: float) -> str:
        """Return the limit that `usage` and `seconds` more would exceed, or nothing."""
        return self.budget.exceeded_by(self.spent + usage, self.seconds + seconds)

    def _reserve(self, key: str, most: Usage) -> Reply | None:
        """Return a reply that is known already; for any that this run has not counted yet, there must be room."""
        with self._lock:
            self._lock.wait_for(lambda: self._closed or key not in self._under_way)
            if self._closed:
                raise Stop
            if key not in self._counted and key not in self._ahead:
                limit = self.budget.exceeded_by(self.spent + self._pending + most, self.seconds)
                if limit:
                    raise OverBudgetError(f"The budget of {getattr(self.budget, limit):g} {limit} is used up (dspy.budget.{limit}).")
            self._under_way.add(key)
            self._pending += most
            return self.ledger.get(key)

    def _settle(self, key: str, most: Usage, reply: Reply | None, price: Price, *, paid: bool) -> None:
        """Count what a reply really took, in place of what was reserved for it."""
        with self._lock:
            self._pending -= most
            self._under_way.remove(key)
            self._lock.notify_all()
            if reply is None:
                return
            usage = _usage(reply.prompt_tokens, reply.completion_tokens, price)
            if paid:
                self.paid += usage
                self.estimated += reply.estimated
            if key in self._counted or (self._early and key in self._ahead):
                return
            if self._early:
                self._ahead.add(key)
                self._prepaid += usage
                return
            if key in self._ahead:
                self._ahead.remove(key)
                self._prepaid -= usage
            self._counted.add(key)
            self.usage += usage


def at_most(messages: Sequence[Message], sampling: Sampling, price: Price) -> Usage:
    """Return more than a call can take, before it is made."""
    return _usage(estimated_prompt_tokens(messages), sampling.max_tokens, price)


def _usage(prompt: int, completion: int, price: Price) -> Usage:
    return Usage(1, prompt, completion, round((prompt * price.prompt + completion * price.completion) * 1000))
