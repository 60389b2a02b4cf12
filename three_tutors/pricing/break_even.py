"""What a tutor costs a month, and from how many conversations on one tutor is cheaper than another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

DAYS_A_MONTH = 365.25 / 12

Outcome = Literal["reached", "always", "small", "never", "over"]


@dataclass(frozen=True)
class Bill:
    """What one tutor costs, in micro-USD."""

    tutor: str
    making: float
    """Paid once, before the first conversation: optimiser or training, with failed runs and sweeps."""
    exam: float
    """Paid once: answering the held-out students, and a judge who reads the answers."""
    conversation: float
    """Paid for each conversation."""
    months: float
    """How long the tutor serves before its model is shut down; 0 where that has happened."""
    server_month: float = 0.0
    """Paid each month for one server, used or not."""
    server_conversations: float = math.inf
    """Conversations a month that one server carries."""

    def servers(self, conversations: float) -> int:
        """Return how many servers that many conversations a month need, at least one."""
        return max(1, math.ceil(conversations / self.server_conversations))

    @property
    def fixed(self) -> float:
        """What was paid once, spread over the months the tutor serves; infinite where it serves none."""
        once = self.making + self.exam
        return once / self.months if self.months > 0 else (math.inf if once else 0.0)

    def monthly(self, conversations: float) -> float:
        """Return micro-USD a month for that many conversations a month."""
        return self.fixed + self.servers(conversations) * self.server_month + conversations * self.conversation


@dataclass(frozen=True)
class BreakEven:
    """From where on `challenger` is not dearer than `incumbent`."""

    challenger: str
    incumbent: str
    outcome: Outcome
    """`reached` from `conversations` on, `always`, only at `small` numbers, `never`, or `over`: its model is shut down."""
    conversations: int | None = None
    """Conversations a month, where `reached`."""


def months_left(shutdown: date | None, as_of: date, horizon: float) -> float:
    """Return how many months a model still serves, never more than `horizon` and never less than 0."""
    if shutdown is None:
        return horizon
    return max(0.0, min(horizon, (shutdown - as_of).days / DAYS_A_MONTH))


def break_even(challenger: Bill, incumbent: Bill) -> BreakEven:
    """Return from how many conversations a month on `challenger` costs no more than `incumbent`.

    The incumbent is asked by the call, without servers of its own. With k servers the challenger wins from
    (fixed difference + k · server) / saving conversations on, provided that k servers carry them; the fewest
    servers for which that holds give the first point.
    """
    names = challenger.tutor, incumbent.tutor
    if challenger.months <= 0:
        return BreakEven(*names, "over")
    saving = incumbent.conversation - challenger.conversation
    # What one more server, full to the brim, saves over what it costs.
    room = saving * challenger.server_conversations - challenger.server_month if saving else -challenger.server_month
    if challenger.monthly(1) <= incumbent.monthly(1):
        return BreakEven(*names, "always" if saving >= 0 and room >= 0 else "small")
    fixed = challenger.fixed - incumbent.fixed
    if saving <= 0 or fixed > room <= 0:
        return BreakEven(*names, "never")
    servers = 1 if fixed <= room else math.ceil(fixed / room)
    point = math.ceil((fixed + servers * challenger.server_month) / saving)
    carried = 0 if servers == 1 else math.floor((servers - 1) * challenger.server_conversations)
    # Rounding of the two divisions can land one step early or on the wrong side of a server's limit.
    conversations = max(1, point - 1, carried)
    while challenger.monthly(conversations) > incumbent.monthly(conversations):
        conversations += 1
    return BreakEven(*names, "reached", conversations)
