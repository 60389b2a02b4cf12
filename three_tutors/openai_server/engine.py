"""What the server asks of a loaded model, and which models are loaded."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from three_tutors.language_model.replies import Event, Options
from three_tutors.openai_server.errors import ApiError
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.tutoring.formats import Message


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies: full weights, or a base with an adapter over it."""

    weights: Path
    adapter: Path | None = None


class Engine(Protocol):
    """A loaded model that replies to many conversations at once; a reply does not depend on the other conversations."""

    context: int
    """Most tokens of a prompt and its reply together."""

    def start(
        self, said: Sequence[Message], options: Options, hear: Callable[[Event | Exception], None], *, streamed: bool = False
    ) -> Callable[[], None]:
        """Begin one reply; `hear` gets an event for every token or one error, in a thread of the engine.

        `streamed` says that somebody sees the words as they come. Returns a function that stops this reply, which may be
        called from any thread and at any time.
        """

    def close(self) -> None:
        """Give back memory; replies in progress end with an error."""


class Mailbox:
    """Carries events from an engine's thread into the event loop.

    One step makes a token per reply. Waking the loop once per step instead of once per token keeps the GIL with the computing
    thread.
    """

    MOMENT = 0.001
    """Seconds that the loop waits for more: all tokens of a step arrive within it, and no reader notices."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver to `loop`."""
        self._loop = loop
        self._letters: deque[tuple[Callable[[Event | Exception], None], Event | Exception]] = deque()
        self._woken = False

    def post(self, hear: Callable[[Event | Exception], None], said: Event | Exception) -> None:
        """Have the loop call `hear` with an event or error; safe to call from any thread."""
        self._letters.append((hear, said))
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop was closed while the engine still spoke
                self._loop.call_soon_threadsafe(self._loop.call_later, self.MOMENT, self._open)

    def _open(self) -> None:
        self._woken = False  # before the loop below: an event that arrives meanwhile is delivered by it, or wakes the loop again
        while self._letters:
            hear, said = self._letters.popleft()
            hear(said)


async def events(engine: Engine, said: Sequence[Message], options: Options, mailbox: Mailbox) -> AsyncGenerator[Event, None]:
    """Yield the events of one reply as they come; leaving early stops the engine's work on it."""
    heard: asyncio.Queue[Event | Exception] = asyncio.Queue()
    stop = engine.start(said, options, lambda one: mailbox.post(heard.put_nowait, one), streamed=True)
    try:
        while True:
            one = await heard.get()
            if isinstance(one, Exception):
                raise one
            yield one
            if one.finish_reason:
                return
    finally:
        stop()


async def whole(engine: Engine, said: Sequence[Message], options: Options, mailbox: Mailbox) -> list[Event]:
    """Return all events of one reply at its end; the loop is not woken before. Leaving early stops the engine's work on it."""
    ended: asyncio.Queue[Event | Exception] = asyncio.Queue()
    made: list[Event] = []

    def hear(one: Event | Exception) -> None:
        if not isinstance(one, Exception):
            made.append(one)
        if isinstance(one, Exception) or one.finish_reason:
            mailbox.post(ended.put_nowait, one)

    stop = engine.start(said, options, hear)
    try:
        last = await ended.get()
    finally:
        stop()
    if isinstance(last, Exception):
        raise last
    return made


class Engines:
    """The loaded models, by id. When there are too many, the least recently used one is unloaded."""

    def __init__(self, load: Callable[[ModelFiles], Engine], most: int = 4) -> None:
        """Load with `load`, keep at most `most` models in memory (more while more are busy)."""
        self._load = load
        self._most = most
        self._loaded: OrderedDict[str, Engine] = OrderedDict()
        self._busy: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def using(self, model: str, files: ModelFiles) -> AsyncIterator[Engine]:
        """Yield the engine of `model`, loaded if need be; it stays loaded inside the block."""
        self._busy[model] += 1
        try:
            yield await self._get(model, files)
        finally:
            self._busy[model] -= 1

    async def _get(self, model: str, files: ModelFiles) -> Engine:
        async with self._lock:
            if model not in self._loaded:
                try:
                    self._loaded[model] = await asyncio.to_thread(self._load, files)
                except EndpointError as error:
                    raise ApiError(500, f"The model `{model}` cannot be loaded: {error}", param="model", code="server_error") from None
            self._loaded.move_to_end(model)
            idle = [name for name in self._loaded if not self._busy[name]]
            for name in idle[: max(0, len(self._loaded) - self._most)]:
                self._loaded.pop(name).close()
            return self._loaded[model]

    async def drop(self, model: str) -> None:
        """Forget a deleted model; replies in progress end with an error."""
        async with self._lock:
            engine = self._loaded.pop(model, None)
        if engine is not None:
            await asyncio.to_thread(engine.close)

    def close(self) -> None:
        """Close every engine."""
        for engine in self._loaded.values():
            engine.close()
        self._loaded.clear()
