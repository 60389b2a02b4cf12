from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

import pytest

from three_tutors.language_model.replies import Event, Options
from three_tutors.openai_server import generator_engine
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.pipeline.diagnostics import EndpointError, TutorError
from three_tutors.tutoring.formats import Message

SAID: list[Message] = [{"role": "user", "content": "Is 7 a prime number?"}]


class CountingGenerator:
    """Answers "a" as often as a reply may be long, and notes which threads touched it."""

    threads: set[int]

    def __init__(self, weights: Path, _adapter: Path | None) -> None:
        """Refuse a folder called missing."""
        if weights.name == "missing":
            raise TutorError("There is no model in missing.")
        self.threads = {threading.get_ident()}
        self.context = 100
        self._left: dict[int, int] = {}
        self._count = 0

    @property
    def busy(self) -> bool:
        """Whether a reply is not finished."""
        return bool(self._left)

    def add(self, _said: list[Message], options: Options) -> int:
        """Take one conversation."""
        self.threads.add(threading.get_ident())
        self._count += 1
        self._left[self._count] = options.max_tokens
        return self._count

    def cancel(self, number: int) -> None:
        """Forget one conversation."""
        self._left.pop(number, None)

    def step(self) -> list[Event]:
        """Make one token for each conversation."""
        self.threads.add(threading.get_ident())
        events = []
        for number in list(self._left):
            self._left[number] -= 1
            over = self._left[number] == 0
            if over:
                del self._left[number]
            events.append(Event(number, "a", finish_reason="length" if over else None))
        return events


@pytest.fixture(autouse=True)
def _counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator_engine, "Generator", CountingGenerator)


def heard(engine: Any, most: int) -> str:
    """Return the text of one reply."""
    news: queue.Queue[Event | Exception] = queue.Queue()
    engine.start(SAID, Options(most), news.put)
    text = ""
    while True:
        one = news.get(timeout=5)
        if isinstance(one, Exception):
            raise one
        text += one.text
        if one.finish_reason:
            return text


def test_one_thread_loads_and_steps_every_model() -> None:
    """Two models loaded from different threads are touched by one and the same thread, which ends with the last of them."""
    thread = generator_engine.ModelThread()
    first = thread.load(ModelFiles(Path("one")))
    others: list[Any] = []
    loading = threading.Thread(target=lambda: others.append(thread.load(ModelFiles(Path("two")))))
    loading.start()
    loading.join()
    assert ["aaa", "aa"] == [heard(first, 3), heard(others[0], 2)]
    assert len(first._generator.threads | others[0]._generator.threads) == 1
    first.close()
    assert heard(others[0], 2) == "aa"
    others[0].close()
    assert "models" not in {running.name for running in threading.enumerate()}


def test_a_model_that_cannot_be_loaded_leaves_the_others_answering() -> None:
    """The error reaches whoever asked for the model; one that was loaded before goes on."""
    thread = generator_engine.ModelThread()
    with pytest.raises(TutorError, match="There is no model in missing"):
        thread.load(ModelFiles(Path("missing")))
    engine = thread.load(ModelFiles(Path("one")))
    with pytest.raises(TutorError, match="There is no model in missing"):
        thread.load(ModelFiles(Path("missing")))
    assert heard(engine, 2) == "aa"
    engine.close()


def test_what_is_asked_of_a_closed_model_ends_with_an_error() -> None:
    """Replies under way and replies asked for afterwards hear that the server is stopping; nobody waits for ever."""
    engine = generator_engine.ModelThread().load(ModelFiles(Path("one")))
    news: queue.Queue[Event | Exception] = queue.Queue()
    engine.start(SAID, Options(10**9), news.put)
    assert isinstance(news.get(timeout=5), Event)
    engine.close()
    while isinstance(one := news.get(timeout=5), Event):
        pass
    assert str(one) == "The server is stopping."
    with pytest.raises(EndpointError, match="The server is stopping"):
        heard(engine, 2)


def test_replies_that_nobody_sees_yet_go_first() -> None:
    """While a reply is awaited whole, a model whose words are seen already makes one token for two of the other's."""
    thread = generator_engine.ModelThread()
    seen, awaited = thread.load(ModelFiles(Path("one"))), thread.load(ModelFiles(Path("two")))
    said: list[str] = []
    over = threading.Event()

    def hear(name: str, event: Event | Exception) -> None:
        said.append(name)
        if isinstance(event, Event) and event.finish_reason and name == "awaited":
            over.set()

    def both() -> None:
        seen.start(SAID, Options(1000), lambda event: hear("seen", event), streamed=True)
        awaited.start(SAID, Options(20), lambda event: hear("awaited", event))

    thread.run(both)
    assert over.wait(5)
    upto = said[: len(said) - said[::-1].index("awaited")]
    assert 9 <= upto.count("seen") <= 11
    seen.close()
    awaited.close()
