"""A stored conversation: exchanges that branch, and the history that each tutor has at any of them.

An exchange is one student turn and the replies to it. Its `parent` is the exchange before it; two exchanges with one parent
are two versions of the same student turn. Where `follows` names a tutor, the person went on with that tutor's reply: its
replies are the history of every tutor that is asked. Where it is None, each tutor has its own replies as its history.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from three_tutors.tutoring.dialogue import Lesson, Turn, UnderstandingLabel
from three_tutors.tutoring.methods import TutorName

LETTERS = string.ascii_lowercase
"""Names of the columns in forms and links; in blind mode a person sees them too."""

Status = Literal["whole", "length", "cut", "stopped", "failed"]
"""`length`: reached the most tokens of a reply; `cut`: broke off; `stopped` by the person; `failed`: no words at all."""


@dataclass(frozen=True)
class TutorReply:
    """What one tutor replied in one exchange, and what that took."""

    tutor: TutorName
    text: str
    status: Status
    note: str = ""
    """Why the reply is not whole, as a sentence."""
    left_out: tuple[int, ...] = ()
    """Earlier exchanges that this tutor was not shown, because they did not fit its window or it has no reply there."""
    model: str = ""
    version: str = ""
    """Fingerprint of the model and of the prompt around a conversation; it changes when the tutor is made again."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    """From the question to the end of the reply."""
    micro_usd: float | None = None
    """What the reply cost: 0 on this machine, None if the model's price is not known."""
    begun: int = 1
    """How many drafts were shown; all but the last were dropped."""


@dataclass(frozen=True)
class Exchange:
    """One student turn and the finished replies to it."""

    id: int
    parent: int | None
    follows: TutorName | None
    text: str
    understanding: UnderstandingLabel
    asked: tuple[TutorName, ...]
    replies: Mapping[str, TutorReply] = field(default_factory=dict)
    temperature: float | None = None
    """How the replies were drawn; None where as params.yaml says."""

    @property
    def turn(self) -> Turn:
        """What the student said."""
        return Turn("student", self.text, understanding=self.understanding)

    def reply(self, tutor: str | None) -> TutorReply | None:
        """Return the finished reply of `tutor`, None if there is none or it has no words."""
        found = self.replies.get(tutor or "")
        return found if found and found.text.strip() else None


@dataclass(frozen=True)
class Talk:
    """One conversation of a person with some tutors."""

    id: str
    lesson: Lesson
    tutors: tuple[TutorName, ...]
    """In the order of their columns; shuffled in blind mode."""
    blind: bool
    scenario: str | None
    """Id of the scenario whose scripted turns are offered."""
    created: float
    """Seconds since the epoch."""

    def key(self, tutor: str) -> str:
        """Return the letter of a tutor's column."""
        return LETTERS[self.tutors.index(tutor)]

    def tutor(self, key: str | None) -> TutorName | None:
        """Return the tutor in the column `key`, None if there is no such column."""
        return dict(zip(LETTERS, self.tutors, strict=False)).get(key or "")


@dataclass(frozen=True)
class History:
    """What a tutor that is asked has been told and has said before."""

    exchanges: tuple[int, ...]
    past: tuple[tuple[Turn, Turn], ...]
    """One pair for each of `exchanges`, oldest first."""
    unanswered: tuple[int, ...]
    """Exchanges of the path that are not in `exchanges`, because there was no reply to show."""


def path_to(at: int | None, exchanges: Mapping[int, Exchange]) -> list[Exchange]:
    """Return the exchanges from the first one to `at`; empty if `at` is None or unknown."""
    found: list[Exchange] = []
    while at is not None and at in exchanges:
        found.append(exchanges[at])
        at = found[-1].parent
    return found[::-1]


def history(path: Sequence[Exchange], tutor: TutorName) -> History:
    """Return the history of `tutor` when it is asked in the last exchange of `path`."""
    known: list[tuple[int, tuple[Turn, Turn]]] = []
    unanswered: list[int] = []
    for later, earlier in zip(path[:0:-1], path[-2::-1], strict=True):
        tutor = later.follows or tutor
        if reply := earlier.reply(tutor):
            known.append((earlier.id, (earlier.turn, Turn("teacher", reply.text))))
        else:
            unanswered.append(earlier.id)
    known.reverse()
    return History(tuple(number for number, _ in known), tuple(pair for _, pair in known), tuple(reversed(unanswered)))


def versions(exchanges: Mapping[int, Exchange], exchange: Exchange) -> tuple[int, ...]:
    """Return the ids of all versions of an exchange's student turn, oldest first."""
    return tuple(sorted(other.id for other in exchanges.values() if other.parent == exchange.parent))


def tip(exchanges: Mapping[int, Exchange], at: int) -> int:
    """Return the newest exchange that continues `at`, following the newest version each time."""
    while children := [exchange.id for exchange in exchanges.values() if exchange.parent == at]:
        at = max(children)
    return at
