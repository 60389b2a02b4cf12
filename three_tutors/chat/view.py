"""What a page shows, as plain values: all texts in them are data, and the templates escape them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from markupsafe import Markup, escape

from three_tutors.chat.ballots import can_choose
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.markup import markup
from three_tutors.chat.talk import LETTERS, Exchange, Talk, TutorReply, path_to, tip, versions
from three_tutors.chat.waiting import first_word
from three_tutors.chat.wording import ENDINGS, beginning, facts
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.scoring.rubric import RubricScore
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.methods import TutorName

TEMPERATURES = (0.0, 0.3, 0.7, 1.0, 1.5)
"""Offered to the person; 0 gives the same reply again on one machine."""


@dataclass(frozen=True)
class Asked:
    """What the address of a page asks for."""

    at: int | None = None
    follow: str | None = None
    edit: int | None = None
    scores: int | None = None
    """The exchange whose scores are shown."""
    prompt: tuple[int, str] | None = None
    """Exchange and column whose prompt is shown."""
    script: bool = False
    """Whether the scripted student's next line is wanted, although the conversation has left the script."""
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
    waiting: str = ""
    """What stands there before the first word."""
    ending: str = ""
    note: str = ""
    facts: str = ""
    left_out: tuple[str, ...] = ()
    continues: bool = False
    """The next exchange went on with this reply."""

    @property
    def html(self) -> Markup:
        """The words as they are shown: a finished reply as Markdown, one that is being written as it comes."""
        return escape(self.text) if self.writing else markup(self.text)

    @property
    def says(self) -> bool:
        """Whether there are words to go on with."""
        return bool(self.text.strip()) and not self.writing


@dataclass(frozen=True)
class Prompt:
    """What one tutor was sent."""

    label: str
    messages: tuple[Message, ...]
    made_anew: bool
    """The tutor has been made again since, so that this is what it would be sent now."""
    drafts: int
    """How many drafts were shown; each has a prompt of its own, and this is the first one's."""


@dataclass(frozen=True)
class Step:
    """One exchange with its columns."""

    exchange: Exchange
    versions: tuple[int, ...]
    columns: tuple[Column, ...]
    html: Markup
    """What the student said, as it is shown."""
    choosing: bool
    choice: str | None
    """Key of the preferred column, `-` for no difference, `0` for none helps, None if nothing was chosen."""
    may_score: bool
    scores: tuple[tuple[Column, RubricScore], ...] = ()
    """Each reply with its scores, where they are asked for."""
    prompt: Prompt | None = None

    @property
    def version(self) -> int:
        """Which version of this turn it is, counted from 1."""
        return self.versions.index(self.exchange.id) + 1

    @property
    def criteria(self) -> list[str]:
        """The criteria of the scores, in their order."""
        return list(dict.fromkeys(one.name for _, score in self.scores for one in score.criteria))

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
    script: str
    """What that student says next, where the conversation has left the script and the box is empty."""
    temperature: float
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
    labels = conversations.names(talk)
    edited = conversations.store.exchanges(talk.id).get(asked.edit or 0)
    last = shown_steps[-1].exchange if shown_steps else None
    follows = edited.follows if edited else talk.tutor(asked.follow)
    path = [step.exchange for step in shown_steps]
    scripted = conversations.scripted(talk, len(path))
    follows_script = asked.script or conversations.on_script(talk, path)
    ticked: Sequence[TutorName] = edited.asked if edited else [follows] if follows else last.asked if last else talk.tutors
    hidden = conversations.hidden(talk)
    tutors = []
    for name in talk.tutors:
        reason = conversations.replying.roster.missing.get(name, "")
        tutors.append((talk.key(name), labels[name], "not available" if reason and hidden else reason, name in ticked and not reason))
    offered = edited.text if edited else scripted.text if scripted and follows_script else ""
    drawn = next((one.temperature for one in (edited, last) if one and one.temperature is not None), conversations.replying.temperature)
    return Composer(
        parent=last.id if last else None,
        text=offered if asked.typed is None else asked.typed,
        tutors=tuple(tutors),
        follow=talk.key(follows) if follows else None,
        follow_label=labels[follows] if follows else "",
        editing=edited.id if edited else None,
        scripted=asked.typed is None and edited is None and scripted is not None and follows_script,
        script=scripted.text if scripted and not edited and not follows_script else "",
        temperature=drawn,
    )


def column(conversations: Conversations, talk: Talk, reply: TutorReply, exchanges: Mapping[int, Exchange]) -> Column:
    """Return a finished reply as it is shown; in blind mode without anything that tells whose it is."""
    hidden = conversations.hidden(talk)
    return Column(
        key=talk.key(reply.tutor),
        label=conversations.names(talk)[reply.tutor],
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


def _step(conversations: Conversations, talk: Talk, exchange: Exchange, later: Exchange | None, asked: Asked) -> Step:
    live = conversations.replying.live(exchange.id)  # before the store is read: a reply that has ended by now is found there
    exchanges = conversations.store.exchanges(talk.id)
    exchange = exchanges.get(exchange.id, exchange)
    labels, hidden = conversations.names(talk), conversations.hidden(talk)
    columns = []
    for name in talk.tutors:
        if name in exchange.replies:
            continues = later is not None and later.follows == name
            columns.append(replace(column(conversations, talk, exchange.replies[name], exchanges), continues=continues))
        elif name in exchange.asked:
            told = first_word(live[name], conversations.replying.roster, conversations.store, blind=hidden) if name in live else ""
            columns.append(Column(talk.key(name), labels[name], live[name].text if name in live else "", writing=True, waiting=told))
    ballot = conversations.ballots.chosen(exchange.id) if talk.blind else None
    choice = None if ballot is None else talk.key(ballot.preferred) if ballot.preferred else "0" if ballot.none_helps else "-"
    may_score = conversations.may_score(talk, exchange)
    return Step(
        exchange,
        versions(exchanges, exchange),
        tuple(columns),
        markup(exchange.text, "student"),
        choosing=can_choose(talk, exchange, revealed=not hidden),
        choice=choice,
        may_score=may_score,
        scores=_scores(conversations, talk, exchange.id, columns) if asked.scores == exchange.id and may_score else (),
        prompt=_prompt(conversations, talk, exchange, asked.prompt[1]) if asked.prompt and asked.prompt[0] == exchange.id else None,
    )


def _scores(conversations: Conversations, talk: Talk, exchange: int, columns: Sequence[Column]) -> tuple[tuple[Column, RubricScore], ...]:
    found = ((one, conversations.score(talk, exchange, talk.tutors[LETTERS.index(one.key)])) for one in columns if not one.writing)
    return tuple((one, score) for one, score in found if score)


def _prompt(conversations: Conversations, talk: Talk, exchange: Exchange, key: str) -> Prompt | None:
    """Return what a tutor was sent; None where there is no such reply, the tutor is hidden or cannot be opened."""
    name = talk.tutor(key)
    reply = exchange.replies.get(name or "")
    if name is None or reply is None or conversations.hidden(talk) or not conversations.replying.roster.wait(0):
        return None
    try:
        sent, version = conversations.replying.prompt(talk, exchange.id, name)
    except TutorError:
        return None
    return Prompt(conversations.names(talk)[name], tuple(sent), bool(reply.version) and reply.version != version, reply.begun)
