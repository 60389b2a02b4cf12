"""An engine over the project's generator: one thread steps it, replies come and go."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.language_model.generate import Event, Generator, Options
from stages.local_openai.engine import Draw, ModelFiles
from stages.tutoring.diagnostics import EndpointError, TutorError
from stages.tutoring.formats import Message

Hear = Callable[[Event | Exception], None]


@dataclass(eq=False)
class Asked:
    """One reply that somebody waits for."""

    said: Sequence[Message]
    draw: Draw
    hear: Hear
    number: int = 0
    """The generator's; 0 until it was added."""
    cancelled: bool = False


class GeneratorEngine:
    """Feeds a generator, which is for one thread alone, from many."""

    def __init__(self, generator: Generator) -> None:
        """Start the thread."""
        self.context = generator.context
        self._generator = generator
        self._news: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._asked: dict[int, Asked] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="generator", daemon=True)
        self._thread.start()

    def start(self, said: Sequence[Message], draw: Draw, hear: Hear) -> Callable[[], None]:
        """See `Engine`."""
        asked = Asked(said, draw, hear)
        self._news.put(asked)

        def stop() -> None:
            asked.cancelled = True
            self._news.put(asked)

        return stop

    def close(self) -> None:
        """See `Engine`."""
        self._news.put(None)
        self._thread.join()

    def _work(self) -> None:
        while not self._closed:
            self._listen()
            if self._closed or not self._generator.busy:
                continue
            try:
                events = self._generator.step()
            except (RuntimeError, MemoryError) as error:  # torch says so when memory ends
                self._fail(EndpointError(f"The model failed while answering: {error}"))
                continue
            for event in events:
                asked = self._asked.get(event.number)
                if asked is None:
                    continue
                if event.finish_reason:
                    del self._asked[event.number]
                asked.hear(event)
        self._fail(EndpointError("The server is stopping."))

    def _listen(self) -> None:
        """Take what was asked and cancelled since the last step; wait where there is nothing to step."""
        wait = not self._generator.busy
        while True:
            try:
                one = self._news.get(block=wait)
            except queue.Empty:
                return
            wait = False
            if one is None:
                self._closed = True
                return
            if one.cancelled:
                if self._asked.pop(one.number, None) is not None:
                    self._generator.cancel(one.number)
                continue
            self._add(one)

    def _add(self, asked: Asked) -> None:
        draw = asked.draw
        options = Options(draw.max_tokens, draw.temperature, draw.top_p, draw.seed, draw.stop, draw.logprobs)
        try:
            asked.number = self._generator.add(asked.said, options)
        except TutorError as error:
            asked.hear(error)
            return
        self._asked[asked.number] = asked

    def _fail(self, error: TutorError) -> None:
        for number, asked in self._asked.items():
            self._generator.cancel(number)
            asked.hear(error)
        self._asked.clear()


def load(files: ModelFiles) -> GeneratorEngine:
    """Load a model with its adapter."""
    return GeneratorEngine(Generator(files.weights, files.adapter))
