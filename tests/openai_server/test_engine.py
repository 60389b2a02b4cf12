from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.openai_server.conftest import Said
from three_tutors.language_model.replies import Options
from three_tutors.openai_server.engine import Mailbox, events, whole
from three_tutors.pipeline.diagnostics import EndpointError


class CountingLoop:
    """What a mailbox needs of a loop: notes how often it is woken and does what it was given when told to."""

    def __init__(self) -> None:
        """Begin asleep."""
        self.todo: list[tuple[Any, ...]] = []

    def call_soon_threadsafe(self, *call: Any) -> None:
        """Wake up for a call."""
        self.todo.append(call)

    def call_later(self, _seconds: float, call: Callable[[], None]) -> None:
        """Wait no moment."""
        call()


class Talker:
    """Says some events at once in a thread of its own."""

    context = 100

    def __init__(self, *said: Any) -> None:
        """Say `said` in answer to everything."""
        self.said = said
        self.stopped = 0

    def start(self, _said: Sequence[Any], _options: Options, hear: Callable[[Any], None], *, streamed: bool = False) -> Callable[[], None]:  # noqa: ARG002
        """Begin to talk."""
        threading.Thread(target=lambda: list(map(hear, self.said))).start()

        def stop() -> None:
            self.stopped += 1

        return stop

    def close(self) -> None:
        """Nothing to give back."""


TOKENS = [Said(f"{index}", None, 1, index) for index in range(63)] + [Said("end", "stop", 1, 64)]


def test_a_loop_is_woken_once_for_what_is_said_in_a_moment() -> None:
    """However many replies get a token in one step, the loop wakes once, hears all in order, and can be woken again."""
    heard: list[Any] = []
    loop: Any = CountingLoop()
    mailbox = Mailbox(loop)
    for round_ in range(2):
        for number in range(32):
            said: Any = (round_, number)
            mailbox.post(heard.append, said)
        [(call, *given)] = loop.todo
        loop.todo.clear()
        call(*given)
    assert heard == [(round_, number) for round_ in range(2) for number in range(32)]


def test_a_closed_loop_hears_nothing_and_nothing_breaks() -> None:
    """An engine may still speak when the server is gone."""
    loop = asyncio.new_event_loop()
    loop.close()
    Mailbox(loop).post(lambda _: pytest.fail("somebody heard it"), EndpointError("too late"))


def test_a_reply_wanted_whole_posts_one_letter() -> None:
    """The loop sleeps until the last token; then all are there and the engine is told that nobody listens any more."""
    posted = []

    class Counting(Mailbox):
        def post(self, hear: Callable[[Any], None], said: Any) -> None:
            posted.append(said)
            super().post(hear, said)

    async def answer() -> list[Any]:
        return await whole(talker, [], Options(64), Counting(asyncio.get_running_loop()))

    talker = Talker(*TOKENS)
    assert asyncio.run(answer()) == TOKENS
    assert (posted, talker.stopped) == (TOKENS[-1:], 1)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_engine_that_fails_raises_where_the_reply_is_awaited(streamed: bool) -> None:
    """Also after some tokens, and the engine is stopped."""
    talker = Talker(*TOKENS[:3], EndpointError("The model failed."))

    async def answer() -> None:
        mailbox = Mailbox(asyncio.get_running_loop())
        if streamed:
            async for _ in events(talker, [], Options(64), mailbox):
                pass
        else:
            await whole(talker, [], Options(64), mailbox)

    with pytest.raises(EndpointError, match="The model failed"):
        asyncio.run(answer())
    assert talker.stopped == 1
