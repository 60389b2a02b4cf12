"""Count every call that prompt optimisation makes, keep its budget, and stop it when something fails."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidReplies, call_key
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.prompting.budget import Budget, Price, Usage, at_most, taken
from three_tutors.tutoring.formats import Message

PATIENCE_SECONDS = 60.0
"""Longest wait for replies under way when a climb ends early."""
INTERRUPTED_SECONDS = 3.0
"""The same when a person ends it."""


class Stop(BaseException):
    """Ends an optimisation at once. DSPy turns an `Exception` in a call or a metric into a score of zero and goes on."""


class OverBudgetError(TutorError):
    """The next call would exceed the budget; what was chosen so far stands."""


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
            patience = INTERRUPTED_SECONDS if isinstance(self._fault, KeyboardInterrupt) else PATIENCE_SECONDS
            self._lock.wait_for(lambda: not self._pending.calls, timeout=patience)

    def forgive(self) -> str:
        """Return the sentence about the limit that was met; raise anything else that stopped the optimisation."""
        if isinstance(self._fault, OverBudgetError):
            return str(self._fault)
        if self._fault is not None:
            raise self._fault
        return ""

    def fits(self, usage: Usage) -> str:
        """Return the limit that `usage` more would exceed, or nothing."""
        return self.budget.exceeded_by(self.usage + usage, self.seconds)

    def _reserve(self, key: str, most: Usage) -> Reply | None:
        """Return a reply that is known already; for any that this run has not counted yet, there must be room."""
        with self._lock:
            self._lock.wait_for(lambda: self._closed or key not in self._under_way)
            if self._closed:
                raise Stop
            if key not in self._counted:
                limit = self.budget.exceeded_by(self.usage + self._pending + most, self.seconds)
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
            usage = taken(reply, price)
            if paid:
                self.paid += usage
                self.estimated += reply.estimated
            if key not in self._counted:
                self._counted.add(key)
                self.usage += usage
