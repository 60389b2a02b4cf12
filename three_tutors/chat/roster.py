"""The tutors that a person can talk with, opened in the background, and why one cannot be opened."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from three_tutors.openai_client.endpoint import Endpoint, Sampling
from three_tutors.openai_client.tutor import Conversation, Tutor
from three_tutors.pipeline.diagnostics import EndpointError, TutorError
from three_tutors.pipeline.records import write_text
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.methods import TutorName

Opener = Callable[[Sequence[str]], AbstractContextManager[dict[str, Tutor]]]

EMPTY = Lesson(
    subject="general",
    grade=8,
    topic="What the student brings along",
    objective="Help the student find the next step alone.",
    misconception="",
    answer=(),
)
"""The lesson of a conversation that starts with an empty page."""


class Roster:
    """Tutors by name. `tutor` waits until they have been opened in the background."""

    def __init__(self, names: Sequence[TutorName], opener: Opener, took: Path | None = None) -> None:
        """Open nothing yet. In the file `took` it is kept how long loading took, for the next time."""
        self.names = tuple(names)
        self.started = time.monotonic()
        self.ready: set[str] = set()
        """Tutors whose model has been loaded."""
        self.done = False
        """Whether every model that there is has been loaded."""
        self._took = took
        self.missing: dict[str, str] = {}
        """Tutor → why it is not there."""
        self._opener = opener
        self._tutors: dict[str, Tutor] = {}
        self._open = threading.Event()
        self._closing = threading.Event()

    def tutor(self, name: str) -> Tutor:
        """Return a tutor as soon as it is open.

        Raises:
            TutorError: it cannot be opened.

        """
        self._open.wait()
        if name not in self._tutors:
            raise TutorError(self.missing.get(name, f"There is no tutor {name!r}."))
        return self._tutors[name]

    def wait(self, seconds: float) -> bool:
        """Return whether within `seconds` the tutors are open or known to be missing."""
        return self._open.wait(seconds)

    @property
    def took_last_time(self) -> float | None:
        """Seconds that loading took when it was last done; None where nobody knows."""
        try:
            return float(self._took.read_text(encoding="utf-8")) if self._took else None
        except (OSError, ValueError):
            return None

    @contextlib.contextmanager
    def opened(self) -> Iterator[Roster]:
        """Keep the tutors open in the background while the block lasts."""
        thread = threading.Thread(target=self._run, name="roster", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._closing.set()
            thread.join()

    def _run(self) -> None:
        """Open the tutors that exist behind one server, warm them up, and keep them until the end."""
        there = [name for name in self.names if self._is_there(name)]
        try:
            with self._opener(there) if there else contextlib.nullcontext({}) as tutors:
                self._tutors = dict(tutors)
                self._open.set()
                for name, tutor in self._tutors.items():
                    warm_up(tutor)
                    self.ready.add(name)
                self.done = True
                if self._took and there:
                    write_text(self._took, f"{time.monotonic() - self.started:.1f}\n")
                self._closing.wait()
        except TutorError as error:
            self.missing |= dict.fromkeys(there, str(error))
        finally:
            self.done = True
            self._open.set()

    def _is_there(self, name: str) -> bool:
        """Try a tutor by itself, so that a missing one does not stop the others."""
        try:
            with self._opener([name]):
                return True
        except TutorError as error:
            self.missing[name] = str(error)
            return False


def endpoint_of(tutor: Tutor) -> Endpoint | None:
    """Return the endpoint of a tutor's model, None if the tutor names none."""
    endpoint = getattr(tutor, "endpoint", None)
    return endpoint if isinstance(endpoint, Endpoint) else None


def is_local(endpoint: Endpoint | None) -> bool:
    """Return whether the model runs on this machine, so that a reply costs nothing."""
    return endpoint is not None and endpoint.is_local


def warm_up(tutor: Tutor) -> None:
    """Have a local model write one token, so that it is loaded before a person waits for it. A remote one would cost money."""
    if is_local(endpoint_of(tutor)):
        with contextlib.suppress(EndpointError):  # the person is told when asking this tutor
            tutor.reply(Conversation(EMPTY, (Turn("student", "Hello"),)), Sampling(max_tokens=1))
