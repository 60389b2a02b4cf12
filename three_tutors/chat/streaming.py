"""The replies of one exchange as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from three_tutors.chat import view
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.replying import LiveReply
from three_tutors.chat.talk import Talk, TutorReply
from three_tutors.chat.waiting import first_word
from three_tutors.openai_client.tutor import Instead

WAITING_SECONDS = 1.0
"""Whoever waits for a first word is told this often how long already, and for what; it also shows that the connection lives."""


async def events(conversations: Conversations, talk: Talk, exchange: int) -> AsyncIterator[str]:
    """Yield what is already there, then every piece as it comes, then each finished reply, then `over`.

    A reader that connects again gets everything again: the first piece of a column replaces what it shows.
    """
    loop = asyncio.get_running_loop()
    news: asyncio.Queue[tuple[str, str | TutorReply]] = asyncio.Queue()
    subscribed = []
    writing: set[str] = set()
    for tutor, live in conversations.replying.live(exchange).items():

        def listener(what: str | TutorReply, tutor: str = tutor) -> None:
            loop.call_soon_threadsafe(news.put_nowait, (tutor, what))

        text, reply = live.subscribe(listener)
        subscribed.append((live, listener))
        writing.add(tutor)
        if reply is None:
            yield _piece(talk, tutor, text, first=True)
        else:
            news.put_nowait((tutor, reply))
    try:
        for tutor, reply in conversations.store.exchanges(talk.id)[exchange].replies.items():
            if tutor not in writing:
                yield _reply(conversations, talk, reply)
        told = 0.0
        while writing:
            if time.monotonic() >= told + WAITING_SECONDS:
                told = time.monotonic()
                yield _waiting(conversations, talk, [live for live, _ in subscribed if live.tutor in writing])
            batch = await _batch(news)
            writing -= {tutor for tutor, what in batch if isinstance(what, TutorReply)}
            yield "".join(
                _reply(conversations, talk, what)
                if isinstance(what, TutorReply)
                else _piece(talk, tutor, what, first=isinstance(what, Instead))
                for tutor, what in batch
            )
        yield _event("over", {})
    finally:
        for live, listener in subscribed:
            live.unsubscribe(listener)


def _piece(talk: Talk, tutor: str, text: str, *, first: bool) -> str:
    return _event("piece", {"key": talk.key(tutor), "text": text, "first": first})


async def _batch(news: asyncio.Queue[Any]) -> list[Any]:
    """Return everything that has arrived, or nothing if nothing does for a second."""
    try:
        batch = [await asyncio.wait_for(news.get(), WAITING_SECONDS)]
    except TimeoutError:
        return []
    while not news.empty():
        batch.append(news.get_nowait())
    return batch


def _waiting(conversations: Conversations, talk: Talk, writing: Sequence[LiveReply]) -> str:
    """Return what is told to whoever waits for a first word; an empty comment shows that the connection lives."""
    blind = conversations.hidden(talk)
    roster, store = conversations.replying.roster, conversations.store
    told = {talk.key(live.tutor): first_word(live, roster, store, blind=blind) for live in writing if not live.text}
    return ": still writing\n\n" + "".join(_event("waiting", {"key": key, "text": text}) for key, text in told.items())


def _reply(conversations: Conversations, talk: Talk, reply: TutorReply) -> str:
    column = view.column(conversations, talk, reply, conversations.store.exchanges(talk.id))
    shown = {name: getattr(column, name) for name in ("key", "text", "ending", "note", "facts", "left_out", "says")}
    return _event("reply", {**shown, "announcement": view.announcement(column)})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
