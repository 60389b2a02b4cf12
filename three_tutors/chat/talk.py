"""A stored conversation: exchanges that branch, and the history each tutor has at any of them.

An exchange is one student turn and the replies to it. Its `parent` is the exchange before; two exchanges with one parent
are two versions of what the student said there. Where `follows` names a tutor, the person went on with that tutor's
reply, and its replies are the history of whoever is asked; where it is None every tutor has its own replies behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from three_tutors.tutoring.dialogue import Lesson, Turn, UnderstandingLabel
from three_tutors.tutoring.methods import TutorName

Status = Literal["whole", "length", "cut", "stopped", "failed"]
"""`length`: cut at the most tokens of a reply; `cut`: broken off; `stopped` by the person; `failed`: not a word came."""


@dataclass(frozen=True)
class TutorReply:
    """What one tutor replied in one exchange, and what it took."""

    tutor: TutorName
    text: str
    status: Status
    note: str = ""
    """Why the reply is not whole, as a sentence."""
    left_out: tuple[int, ...] = ()
    """Earlier exchanges that this tutor was not shown, because they did not fit its window or it has no reply there."""
    model: str = ""
    version: str = ""
    """Fingerprint of the model and of the prompt around a conversation; a tutor made anew has another one."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    """From the question to the end of the reply."""
    micro_usd: float | None = None
    """What the reply cost; 0 on this machine, None where nobody knows the model's price."""
    begun: int = 1
    """How often the tutor began to write; more than once where it dropped a draft that was shown."""


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

    @property
    def turn(self) -> Turn:
        """What the student said."""
        return Turn("student", self.text, understanding=self.understanding)


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


@dataclass(frozen=True)
class Behind:
    """The exchanges that a tutor has behind it when it is asked."""

    exchanges: tuple[int, ...]
    past: tuple[tuple[Turn, Turn], ...]
    """One pair for each of `exchanges`, oldest first."""
    unanswered: tuple[int, ...]
    """Exchanges of the path that are not in `exchanges`, because there was no reply to show."""


def path(exchanges: Mapping[int, Exchange], at: int | None) -> list[Exchange]:
    """Return the exchanges from the first one to `at`; empty where `at` is None or unknown."""
    found: list[Exchange] = []
    while at is not None and at in exchanges:
        found.append(exchanges[at])
        at = found[-1].parent
    return found[::-1]


def says(exchange: Exchange, tutor: str) -> bool:
    """Return whether `tutor` has a reply with words in `exchange`."""
    return tutor in exchange.replies and bool(exchange.replies[tutor].text.strip())


def behind(way: Sequence[Exchange], tutor: TutorName) -> Behind:
    """Return what `tutor` has behind it in the last exchange of `way`."""
    voice = tutor
    known: list[tuple[int, tuple[Turn, Turn]]] = []
    unanswered: list[int] = []
    for later, earlier in zip(reversed(way), list(reversed(way))[1:], strict=False):
        voice = later.follows or voice
        if says(earlier, voice):
            known.append((earlier.id, (earlier.turn, Turn("teacher", earlier.replies[voice].text))))
        else:
            unanswered.append(earlier.id)
    known.reverse()
    return Behind(tuple(number for number, _ in known), tuple(pair for _, pair in known), tuple(reversed(unanswered)))


def versions(exchanges: Mapping[int, Exchange], exchange: Exchange) -> list[int]:
    """Return the ids of all versions of an exchange's student turn, oldest first."""
    return sorted(other.id for other in exchanges.values() if other.parent == exchange.parent)


def tip(exchanges: Mapping[int, Exchange], at: int) -> int:
    """Return the newest exchange that continues `at`, following the newest version each time."""
    while children := [exchange.id for exchange in exchanges.values() if exchange.parent == at]:
        at = max(children)
    return at
