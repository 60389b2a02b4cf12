"""The replies of one exchange as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from three_tutors.chat import view
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.talk import Talk, TutorReply
from three_tutors.openai_client.tutor import Instead

HEARTBEAT_SECONDS = 15.0
"""An empty comment is sent this often, so that nothing in between takes the connection for dead."""


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
        while writing:
            try:
                batch = [await asyncio.wait_for(news.get(), HEARTBEAT_SECONDS)]
            except TimeoutError:
                yield ": still writing\n\n"
                continue
            while not news.empty():  # everything that has arrived meanwhile is sent together
                batch.append(news.get_nowait())
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


def _reply(conversations: Conversations, talk: Talk, reply: TutorReply) -> str:
    column = view.column(conversations, talk, reply, conversations.store.exchanges(talk.id))
    shown = {name: getattr(column, name) for name in ("key", "text", "ending", "note", "facts", "left_out", "says")}
    return _event("reply", {**shown, "announcement": view.announcement(column)})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
