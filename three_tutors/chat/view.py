"""What a page shows, as plain values: all texts in them are data, and the templates escape them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from three_tutors.chat.ballots import can_choose
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.roster import EMPTY
from three_tutors.chat.talk import Exchange, Talk, TutorReply, path_to, tip, versions
from three_tutors.chat.wording import ENDINGS, beginning, facts
from three_tutors.scoring.rubric import RubricScore
from three_tutors.tutoring.methods import TutorName


@dataclass(frozen=True)
class Asked:
    """What the address of a page asks for."""

    at: int | None = None
    follow: str | None = None
    edit: int | None = None
    scores: tuple[int, str] | None = None
    error: str = ""
    typed: str | None = None
    """A turn that was refused, so that nobody has to write it again."""


@dataclass(frozen=True)
class Column:
    """One tutor's reply in one exchange."""

    key: str
    label: str
    text: str
    writing: bool
    ending: str = ""
    note: str = ""
    facts: str = ""
    left_out: tuple[str, ...] = ()
    score: RubricScore | None = None
    continues: bool = False
    """The next exchange went on with this reply."""

    @property
    def says(self) -> bool:
        """Whether there are words to go on with."""
        return bool(self.text.strip()) and not self.writing


@dataclass(frozen=True)
class Step:
    """One exchange with its columns."""

    exchange: Exchange
    versions: tuple[int, ...]
    columns: tuple[Column, ...]
    choosing: bool
    choice: str | None
    """Key of the preferred column, `-` for no difference, None if nothing was chosen."""

    @property
    def version(self) -> int:
        """Which version of this turn it is, counted from 1."""
        return self.versions.index(self.exchange.id) + 1

    @property
    def writing(self) -> bool:
        """Whether a tutor is still writing."""
        return any(column.writing for column in self.columns)


@dataclass(frozen=True)
class Composer:
    """The form below the last exchange."""

    parent: int | None
    text: str
    tutors: tuple[tuple[str, str, str, bool], ...]
    """Key, label, why it cannot be asked (or nothing), whether it is ticked."""
    follow: str | None
    follow_label: str
    editing: int | None
    scripted: bool
    """The text is what the scenario's student says next."""
    request: str = field(default_factory=lambda: secrets.token_urlsafe(9))


def steps(conversations: Conversations, talk: Talk, asked: Asked) -> list[Step]:
    """Return the exchanges that a page shows, from the first to the newest of its branch."""
    exchanges = conversations.store.exchanges(talk.id)
    if asked.edit is not None:
        path = path_to(exchanges[asked.edit].parent, exchanges) if asked.edit in exchanges else []
    else:
        at = asked.at if asked.at in exchanges else max(exchanges, default=None)
        path = path_to(None if at is None else tip(exchanges, at), exchanges)
    return [_step(conversations, talk, exchange, later, asked) for exchange, later in zip_longest(path, path[1:]) if exchange]


def composer(conversations: Conversations, talk: Talk, shown_steps: Sequence[Step], asked: Asked) -> Composer:
    """Return the form that continues the shown exchanges, or that replaces the one after them."""
    labels = conversations.labels(talk)
    edited = conversations.store.exchanges(talk.id).get(asked.edit or 0)
    last = shown_steps[-1].exchange if shown_steps else None
    follows = edited.follows if edited else talk.tutor(asked.follow)
    scripted = conversations.scripted(talk, len(shown_steps))
    ticked: Sequence[TutorName] = edited.asked if edited else [follows] if follows else last.asked if last else talk.tutors
    hidden = set(labels.values()).isdisjoint(talk.tutors)
    tutors = []
    for name in talk.tutors:
        reason = conversations.replying.roster.missing.get(name, "")
        tutors.append((talk.key(name), labels[name], "not available" if reason and hidden else reason, name in ticked and not reason))
    offered = edited.text if edited else scripted.text if scripted else ""
    return Composer(
        parent=last.id if last else None,
        text=offered if asked.typed is None else asked.typed,
        tutors=tuple(tutors),
        follow=talk.key(follows) if follows else None,
        follow_label=labels[follows] if follows else "",
        editing=edited.id if edited else None,
        scripted=asked.typed is None and edited is None and scripted is not None,
    )


def column(conversations: Conversations, talk: Talk, reply: TutorReply, exchanges: Mapping[int, Exchange]) -> Column:
    """Return a finished reply as it is shown; in blind mode without anything that tells whose it is."""
    label = conversations.labels(talk)[reply.tutor]
    hidden = label != reply.tutor
    return Column(
        key=talk.key(reply.tutor),
        label=label,
        text=reply.text,
        writing=False,
        ending=ENDINGS.get(reply.status, ""),
        note="The reason is shown when you reveal the tutors." if hidden and reply.status in {"cut", "failed"} else reply.note,
        facts="" if hidden else facts(reply),
        left_out=tuple(beginning(exchanges[number].text) for number in reply.left_out if number in exchanges),
    )


def announcement(shown_column: Column) -> str:
    """Return what a screen reader says when a reply has ended."""
    ending = f"{shown_column.ending}: {shown_column.note} " if shown_column.ending else ""
    return f"{shown_column.label}: {shown_column.text} {ending}".strip()


def title(talk: Talk, first: str) -> str:
    """Return the name of a conversation: the topic of its lesson, or how it began."""
    return talk.lesson.topic if talk.lesson != EMPTY else beginning(first) or "An empty page"


def _step(conversations: Conversations, talk: Talk, exchange: Exchange, later: Exchange | None, asked: Asked) -> Step:
    live = conversations.replying.live(exchange.id)  # before the store is read: a reply that has ended by now is found there
    exchanges = conversations.store.exchanges(talk.id)
    exchange = exchanges.get(exchange.id, exchange)
    labels = conversations.labels(talk)
    columns = []
    for name in talk.tutors:
        if name in exchange.replies:
            wanted = conversations.score(talk, exchange.id, name) if asked.scores == (exchange.id, talk.key(name)) else None
            continues = later is not None and later.follows == name
            columns.append(replace(column(conversations, talk, exchange.replies[name], exchanges), score=wanted, continues=continues))
        elif name in exchange.asked:
            columns.append(Column(talk.key(name), labels[name], live[name].text if name in live else "", writing=True))
    ballot = conversations.ballots.chosen(exchange.id) if talk.blind else None
    choice = None if ballot is None else talk.key(ballot.preferred) if ballot.preferred else "-"
    choosing = can_choose(talk, exchange, revealed=conversations.store.revealed(talk.id))
    return Step(exchange, versions(exchanges, exchange), tuple(columns), choosing, choice)
