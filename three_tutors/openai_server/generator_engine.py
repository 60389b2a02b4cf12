"""The project's generators as engines. One thread of the process loads and steps all of them."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from three_tutors.language_model.generate import Generator
from three_tutors.language_model.replies import Event, Options
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.pipeline.diagnostics import EndpointError, TutorError
from three_tutors.tutoring.formats import Message

logger = logging.getLogger(__name__)

Hear = Callable[[Event | Exception], None]
STOPPING = "The server is stopping."
Task = Callable[[], object]
Result = TypeVar("Result")
FAULTS = (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
"""What computing may raise. A failing reply must not end the thread that all replies depend on."""
PATIENCE = 2
"""While some reply has shown no words yet, models whose replies have all begun to show make a token only every so many turns."""


@dataclass(eq=False)
class Asked:
    """One reply that somebody waits for."""

    said: Sequence[Message]
    options: Options
    hear: Hear
    streamed: bool
    number: int = 0
    """The generator's; 0 until it was added."""
    cancelled: bool = False
    shown: bool = False
    """Whether its reader has seen some of it."""


class ModelThread:
    """The one thread that computes; it lives as long as an engine does.

    Each thread that computes gets its own libgomp team. With more team threads than cores, every barrier sleeps: loading in
    one thread and stepping in another ran at 0.6× speed.
    """

    def __init__(self) -> None:
        """Begin without a thread."""
        self._lock = threading.Lock()
        self._engines: list[GeneratorEngine] = []
        self._news: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._users = 0

    def load(self, files: ModelFiles) -> GeneratorEngine:
        """Load a model with its adapter; any thread may call this, and waits.

        Raises:
            EndpointError: the model cannot be read, for whatever reason.

        """
        with self._lock:
            self._users += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, args=(self._news,), name="models", daemon=True)
                self._thread.start()
        loading = self._do(lambda: self._load(files))
        error = loading.exception()
        if error is None:
            return loading.result()
        self._leave()
        if not isinstance(error, TutorError):
            logger.error("The model in %s cannot be loaded.", files.adapter or files.weights, exc_info=error)
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        raise EndpointError(reason if isinstance(error, TutorError) else f"its files cannot be read ({reason or type(error).__name__}).")

    def unload(self, engine: GeneratorEngine) -> None:
        """Stop stepping `engine`. Its replies under way, and whatever it is asked from now on, end with an error."""
        with self._lock:
            engine.closed = True
        self.run(lambda: self._unload(engine))
        self._leave()

    def post(self, task: Task, engine: GeneratorEngine | None = None) -> bool:
        """Let the thread do `task` before its next step; False where `engine` is closed and nothing will be done."""
        with self._lock:
            if engine is not None and engine.closed:
                return False
            self._news.put(task)
            return True

    def run(self, task: Callable[[], Result]) -> Result:
        """Let the thread do `task` and return what it returns, or raise what it raises."""
        return self._do(task).result()

    def _do(self, task: Callable[[], Result]) -> Future[Result]:
        done: Future[Result] = Future()

        def report() -> None:
            try:
                done.set_result(task())
            except BaseException as error:  # noqa: BLE001 - it is raised where the task came from
                done.set_exception(error)

        self.post(report)
        return done

    def _load(self, files: ModelFiles) -> GeneratorEngine:
        engine = GeneratorEngine(Generator(files.weights, files.adapter), self)
        self._engines.append(engine)
        return engine

    def _unload(self, engine: GeneratorEngine) -> None:
        self._engines.remove(engine)
        engine.fail(EndpointError(STOPPING))

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            thread = self._thread if self._users == 0 else None
            if thread is not None:
                self._thread = None
                self._news.put(_leave)
                self._news = queue.SimpleQueue()
        if thread is not None:
            thread.join()

    def _work(self, news: queue.SimpleQueue[Task]) -> None:
        for iteration in itertools.count():
            wait = not any(engine.busy for engine in self._engines)
            while (task := _next(news, wait=wait)) is not None:
                if task is _leave:
                    return
                task()
                wait = False
            busy = [engine for engine in self._engines if engine.busy]
            # Step models that still owe someone their first token in every iteration; step the others less often, since they
            # already write faster than people read.
            awaited = [engine for engine in busy if engine.awaited]
            for engine in busy if iteration % PATIENCE == 0 else awaited or busy:
                engine.step()


def _leave() -> None:
    """Mark the end of the thread's work; the thread looks for this function and never calls it."""


def _next(news: queue.SimpleQueue[Task], *, wait: bool) -> Task | None:
    try:
        return news.get(block=wait)
    except queue.Empty:
        return None


class GeneratorEngine:
    """Lets many threads use a generator, which only one thread may touch."""

    def __init__(self, generator: Generator, thread: ModelThread) -> None:
        """Take the `thread` that loaded the generator and steps it."""
        self.context = generator.context
        self._generator = generator
        self._thread = thread
        self._asked: dict[int, Asked] = {}
        self.closed = False

    def start(self, said: Sequence[Message], options: Options, hear: Hear, *, streamed: bool = False) -> Callable[[], None]:
        """See `Engine`."""
        asked = Asked(said, options, hear, streamed)
        if not self._thread.post(lambda: self._add(asked), self):
            hear(EndpointError(STOPPING))

        def stop() -> None:
            asked.cancelled = True
            self._thread.post(lambda: self._cancel(asked), self)

        return stop

    def close(self) -> None:
        """See `Engine`."""
        self._thread.unload(self)

    @property
    def busy(self) -> bool:
        """Whether a step would make a token. Only the model thread may call this and the methods below."""
        return self._generator.busy

    @property
    def awaited(self) -> bool:
        """Whether some reply has shown nothing yet: a stream before its first words, or any reply that is not streamed."""
        return any(not asked.shown for asked in self._asked.values())

    def step(self) -> None:
        """Make the next token of every reply and tell who listens."""
        try:
            events = self._generator.step()
        except FAULTS as error:
            logger.exception("A model failed while answering.")
            self.fail(EndpointError(f"The model failed while answering: {error}"))
            return
        for event in events:
            asked = self._asked.get(event.number)
            if asked is None:
                continue
            if event.finish_reason:
                del self._asked[event.number]
            asked.shown = asked.streamed
            asked.hear(event)

    def fail(self, error: TutorError) -> None:
        """End every reply with `error`."""
        for number, asked in self._asked.items():
            self._generator.cancel(number)
            asked.hear(error)
        self._asked.clear()

    def _add(self, asked: Asked) -> None:
        if asked.cancelled:
            return
        try:
            asked.number = self._generator.add(asked.said, asked.options)
        except TutorError as error:
            asked.hear(error)
            return
        except FAULTS as error:
            logger.exception("A model failed before it answered.")
            asked.hear(EndpointError(f"The model failed before it answered: {error}"))
            return
        self._asked[asked.number] = asked

    def _cancel(self, asked: Asked) -> None:
        if self._asked.pop(asked.number, None) is not None:
            self._generator.cancel(asked.number)


_MODELS = ModelThread()


def load(files: ModelFiles) -> GeneratorEngine:
    """Load a model with its adapter into the thread that computes for the whole process."""
    return _MODELS.load(files)
