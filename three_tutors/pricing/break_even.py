"""What a tutor costs per month, and the number of conversations from which one tutor is cheaper than another."""

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
    """Paid once, before the first conversation: the optimiser or the training, failed runs and sweeps included."""
    exam: float
    """Paid once: the replies to the held-out students, and a judge who reads them."""
    conversation: float
    """Paid for each conversation."""
    months: float
    """Months of service until the model is shut down; 0 if that has happened."""
    server_month: float = 0.0
    """Paid each month for one server, even if nobody uses it."""
    server_conversations: float = math.inf
    """Conversations per month that one server can carry."""

    def servers(self, conversations: float) -> int:
        """Return the number of servers that so many conversations per month need, at least one."""
        return max(1, math.ceil(conversations / self.server_conversations))

    @property
    def fixed(self) -> float:
        """The one-time costs per month of service; infinite if there are costs and no months."""
        once = self.making + self.exam
        return once / self.months if self.months > 0 else (math.inf if once else 0.0)

    def monthly(self, conversations: float) -> float:
        """Return micro-USD per month for so many conversations per month."""
        return self.fixed + self.servers(conversations) * self.server_month + conversations * self.conversation


@dataclass(frozen=True)
class BreakEven:
    """The number of conversations from which `challenger` costs no more than `incumbent`."""

    challenger: str
    incumbent: str
    outcome: Outcome
    """`reached` at `conversations`, `always`, only at `small` numbers, `never`, or `over`: the challenger's model is shut down."""
    conversations: int | None = None
    """Conversations per month, if `reached`."""


def months_left(shutdown: date | None, as_of: date, horizon: float) -> float:
    """Return the months until `shutdown`, between 0 and `horizon`."""
    if shutdown is None:
        return horizon
    return max(0.0, min(horizon, (shutdown - as_of).days / DAYS_A_MONTH))


def break_even(challenger: Bill, incumbent: Bill) -> BreakEven:
    """Return the number of conversations per month from which `challenger` costs no more than `incumbent`.

    The incumbent is billed by the token and has no server. With k servers the challenger breaks even at
    (fixed difference + k · server) / saving conversations, if k servers can carry that many. The smallest such k
    gives the first point.
    """
    names = challenger.tutor, incumbent.tutor
    if challenger.months <= 0:
        return BreakEven(*names, "over")
    saving = incumbent.conversation - challenger.conversation
    # What a fully used server saves, minus its price.
    gain = saving * challenger.server_conversations - challenger.server_month if saving else -challenger.server_month
    if challenger.monthly(1) <= incumbent.monthly(1):
        return BreakEven(*names, "always" if saving >= 0 and gain >= 0 else "small")
    fixed = challenger.fixed - incumbent.fixed
    if saving <= 0 or fixed > gain <= 0:
        return BreakEven(*names, "never")
    servers = 1 if fixed <= gain else math.ceil(fixed / gain)
    point = math.ceil((fixed + servers * challenger.server_month) / saving)
    carried = 0 if servers == 1 else math.floor((servers - 1) * challenger.server_conversations)
    # The two divisions are rounded: start one step early and look for the first number that holds.
    conversations = max(1, point - 1, carried)
    while challenger.monthly(conversations) > incumbent.monthly(conversations):
        conversations += 1
    return BreakEven(*names, "reached", conversations)
