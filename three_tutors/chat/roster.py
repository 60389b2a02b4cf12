"""The tutors a person can talk with: opened in the background, and why where one cannot be."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from three_tutors.openai_client.endpoint import Endpoint, Sampling
from three_tutors.openai_client.tutor import Conversation, Tutor
from three_tutors.pipeline.diagnostics import EndpointError, TutorError
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
"""The lesson of a conversation that begins with an empty page."""


class Roster:
    """Tutors by name. `tutor` waits until the background has opened them."""

    def __init__(self, names: Sequence[TutorName], opener: Opener) -> None:
        """Open nothing yet."""
        self.names = tuple(names)
        self.missing: dict[str, str] = {}
        """Why a tutor is not there, by its name."""
        self._opener = opener
        self._tutors: dict[str, Tutor] = {}
        self._open = threading.Event()
        self._closing = threading.Event()

    def tutor(self, name: str) -> Tutor:
        """Return a tutor, as soon as it is open.

        Raises:
            TutorError: it cannot be opened; says why.

        """
        self._open.wait()
        if name not in self._tutors:
            raise TutorError(self.missing.get(name, f"There is no tutor {name!r}."))
        return self._tutors[name]

    def wait(self, seconds: float) -> bool:
        """Return whether the tutors are open (or known to be missing) within so many seconds."""
        return self._open.wait(seconds)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Roster]:
        """Open the tutors in the background for as long as the block lasts."""
        thread = threading.Thread(target=self._run, name="roster", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._closing.set()
            thread.join()

    def _run(self) -> None:
        """Open what there is behind one server, warm it up, and hold it until the end."""
        there = [name for name in self.names if self._is_there(name)]
        try:
            with self._opener(there) if there else contextlib.nullcontext({}) as tutors:
                self._tutors = dict(tutors)
                self._open.set()
                for tutor in self._tutors.values():
                    warm_up(tutor)
                self._closing.wait()
        except TutorError as error:
            self.missing |= dict.fromkeys(there, str(error))
        finally:
            self._open.set()

    def _is_there(self, name: str) -> bool:
        """Try a tutor alone: one that is missing must not keep the others away."""
        try:
            with self._opener([name]):
                return True
        except TutorError as error:
            self.missing[name] = str(error)
            return False


def endpoint_of(tutor: Tutor) -> Endpoint | None:
    """Return where the model behind a tutor answers; None where the tutor does not say."""
    endpoint = getattr(tutor, "endpoint", None)
    return endpoint if isinstance(endpoint, Endpoint) else None


def is_local(endpoint: Endpoint | None) -> bool:
    """Return whether a reply costs nothing because the model runs on this machine."""
    return endpoint is not None and endpoint.is_local


def warm_up(tutor: Tutor) -> None:
    """Let a local model say one token, so that it is loaded before a person waits for it; remote ones would cost money."""
    if is_local(endpoint_of(tutor)):
        with contextlib.suppress(EndpointError):  # whoever asks this tutor is told
            tutor.reply(Conversation(EMPTY, (Turn("student", "Hello"),)), Sampling(max_tokens=1))
