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
"""A line that says nothing, so that nobody between takes the connection for dead."""

Told = tuple[str, str | TutorReply]


async def events(conversations: Conversations, talk: Talk, exchange: int) -> AsyncIterator[str]:
    """Yield what is there already, then every piece as it comes, then each finished reply, then `over`.

    A reader that comes again gets everything again: the first piece of a column replaces what it shows.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Told] = asyncio.Queue()
    following = []
    waiting: set[str] = set()
    for tutor, live in conversations.replying.live(exchange).items():

        def hear(what: str | TutorReply, tutor: str = tutor) -> None:
            loop.call_soon_threadsafe(told.put_nowait, (tutor, what))

        text, reply = live.follow(hear)
        following.append((live, hear))
        waiting.add(tutor)
        if reply is None:
            yield _event("piece", {"key": view.key_of(talk, tutor), "text": text, "first": True})
        else:
            told.put_nowait((tutor, reply))
    try:
        for tutor, reply in conversations.store.exchanges(talk.id)[exchange].replies.items():
            if tutor not in waiting:
                yield _reply(conversations, talk, reply)
        while waiting:
            try:
                heard = [await asyncio.wait_for(told.get(), HEARTBEAT_SECONDS)]
            except TimeoutError:
                yield ": still writing\n\n"
                continue
            while not told.empty():  # what came meanwhile goes out together
                heard.append(told.get_nowait())
            waiting -= {tutor for tutor, what in heard if isinstance(what, TutorReply)}
            yield "".join(_told(conversations, talk, tutor, what) for tutor, what in heard)
        yield _event("over", {})
    finally:
        for live, hear in following:
            live.leave(hear)


def _told(conversations: Conversations, talk: Talk, tutor: str, what: str | TutorReply) -> str:
    if isinstance(what, TutorReply):
        return _reply(conversations, talk, what)
    return _event("piece", {"key": view.key_of(talk, tutor), "text": what, "first": isinstance(what, Instead)})


def _reply(conversations: Conversations, talk: Talk, reply: TutorReply) -> str:
    column = view.column(conversations, talk, reply, conversations.store.exchanges(talk.id))
    shown = {name: getattr(column, name) for name in ("key", "text", "ending", "note", "facts", "left_out", "says")}
    return _event("reply", {**shown, "announcement": view.announcement(column)})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
