"""Ask several tutors at once, each on a thread of its own, and let any number of readers follow what they write.

A reply belongs to the store and not to a request, so it goes on when a page is closed or loaded again. Whatever ends it (the
model, an error, the person, the clock) ends it once, and what was written before is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace

from three_tutors.chat import prompts
from three_tutors.chat.price import micro_usd
from three_tutors.chat.roster import Roster, endpoint_of
from three_tutors.chat.store import Store
from three_tutors.chat.talk import Exchange, History, Status, Talk, TutorReply, history, path_to
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.tutor import Conversation, Instead, Tutor
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pricing.prices import Model
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.history import Fitted, fit
from three_tutors.tutoring.methods import TutorName

MOST_REPLIES = 512
"""Replies that may be under way at once; each has a thread, which mostly waits."""

WATCH_SECONDS = 0.5
"""How often the clock looks for replies that take too long."""

ENDINGS: Mapping[str, tuple[Status, str]] = {
    "length": ("length", "It reached the limit on tokens (chat.max_tokens in params.yaml)."),
    "refusal": ("cut", "The model refused to reply."),
    "content_filter": ("cut", "The service's filter held this reply back."),
    "tool_calls": ("cut", "The model called a tool instead of replying."),
}
"""What a reply's `finish_reason` means to the person who reads it; any other is a whole reply."""

Listener = Callable[[str | TutorReply], None]
"""Is called with each further piece of a reply (`Instead` if it begins again) and at last with the finished reply.

It is called in the reply's thread and must not block.
"""


@dataclass(frozen=True)
class Asking:
    """How tutors are asked."""

    sampling: Sampling
    window: int
    """Most tokens of a prompt and its reply together."""
    patience: float
    """Seconds after which a reply that has not ended is cut off."""
    prices: Mapping[str, Model] = field(default_factory=dict)


class LiveReply:
    """One reply that is being written."""

    def __init__(self, store: Store, exchange: int, tutor: TutorName, prices: Mapping[str, Model]) -> None:
        """Start the clock; the store already holds the empty draft."""
        self.exchange, self.tutor = exchange, tutor
        self.endpoint: Endpoint | None = None
        self.version = ""
        self.started = time.monotonic()
        self.left_out: tuple[int, ...] = ()
        self.reply: TutorReply | None = None
        self._store, self._prices = store, prices
        self._text = ""
        self._begun = 1
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    @property
    def text(self) -> str:
        """What was written so far."""
        with self._lock:
            return self._text

    def subscribe(self, listener: Listener) -> tuple[str, TutorReply | None]:
        """Return what was written so far, and the reply if it has ended; `listener` is told the rest."""
        with self._lock:
            if self.reply is None:
                self._listeners.append(listener)
            return self._text, self.reply

    def unsubscribe(self, listener: Listener) -> None:
        """Tell `listener` nothing more."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def add(self, piece: str) -> bool:
        """Store a piece, then show it; return False if the reply has ended meanwhile."""
        with self._lock:
            if self.reply is not None:
                return False
            if isinstance(piece, Instead):
                self._store.rewrite(self.exchange, self.tutor, piece)
                self._text = str(piece)
                self._begun += 1
            else:
                self._store.append(self.exchange, self.tutor, piece)
                self._text += piece
            for listener in self._listeners:
                listener(piece)
            return True

    def end(self, status: Status, note: str = "", whole: Reply | None = None) -> None:
        """Keep the finished reply and tell everybody, unless it has ended already."""
        with self._lock:
            if self.reply is not None:
                return
            if not self._text.strip():
                status, note = "failed", note or "This tutor ended its turn without a word."
            model, seconds = self.endpoint.model if self.endpoint else "", round(time.monotonic() - self.started, 2)
            reply = TutorReply(self.tutor, self._text, status, note, self.left_out, model, self.version, seconds=seconds, begun=self._begun)
            if whole and whole.completion_tokens:
                used = (whole.prompt_tokens, whole.completion_tokens)
                cost = micro_usd(self.endpoint, self._prices, *used)
                reply = replace(reply, prompt_tokens=used[0], completion_tokens=used[1], micro_usd=cost)
            self._store.end(self.exchange, reply)
            self.reply = reply  # set after the store, so that whoever finds no live reply finds it there
            for listener in self._listeners:
                listener(reply)
            self._listeners.clear()


class Replying:
    """All replies that are under way."""

    def __init__(self, store: Store, roster: Roster, asking: Asking) -> None:
        """Ask nobody yet."""
        self.roster = roster
        self.temperature = asking.sampling.temperature
        """How replies are drawn where the person does not say."""
        self._store, self._asking = store, asking
        self._live: dict[int, dict[str, LiveReply]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def ask(self, talk: Talk, exchange: int) -> None:
        """Let every tutor that `exchange` asks begin its reply."""
        path = path_to(exchange, self._store.exchanges(talk.id))
        asked = path[-1].asked
        with self._lock:
            crowded = sum(map(len, self._live.values())) + len(asked) > MOST_REPLIES
            replies = [LiveReply(self._store, exchange, tutor, self._asking.prices) for tutor in asked]
            self._live[exchange] = {live.tutor: live for live in replies}
        for live in replies:
            if crowded:
                self._end(live, "failed", f"More than {MOST_REPLIES} replies are being written at once; ask again in a moment.")
            else:
                given = (live, talk, history(path, live.tutor), path[-1])
                threading.Thread(target=self._answer, args=given, name=f"{live.tutor} #{exchange}", daemon=True).start()

    def live(self, exchange: int) -> Mapping[str, LiveReply]:
        """Return the replies of an exchange that are being written, by tutor; all others are in the store."""
        with self._lock:
            return {tutor: live for tutor, live in self._live.get(exchange, {}).items() if live.reply is None}

    def stop(self, exchange: int, status: Status = "stopped", note: str = "You stopped this reply.") -> None:
        """End every reply of an exchange where it is."""
        for live in self.live(exchange).values():
            self._end(live, status, note)

    def close(self) -> None:
        """End every reply; what was written is kept."""
        self._closing.set()
        for exchange in list(self._live):
            self.stop(exchange, "cut", "The program ended before this reply did.")

    def prompt(self, talk: Talk, exchange: int, name: TutorName) -> tuple[list[Message], str]:
        """Return the messages that a tutor is sent in an exchange, and the fingerprint of the tutor that would be sent them now.

        Raises:
            TutorError: the tutor cannot be opened.

        """
        path = path_to(exchange, self._store.exchanges(talk.id))
        tutor = self.roster.tutor(name)
        turns = self._fitted(tutor, talk, history(path, name), path[-1].turn).turns
        return prompts.prompt(tutor, talk.lesson, turns), prompts.fingerprint(tutor)

    def _fitted(self, tutor: Tutor, talk: Talk, known: History, newest: Turn) -> Fitted:
        room = self._asking.window - self._asking.sampling.max_tokens
        return fit(known.past, newest, room, prompts.counter(tutor, talk.lesson))

    def _drawn(self, temperature: float | None) -> Sampling:
        """Return how a reply is drawn: as params.yaml says, or at the temperature that the person chose."""
        usual = self._asking.sampling
        if temperature is None or temperature == usual.temperature:
            return usual
        return replace(usual, temperature=temperature, seed=None if temperature else 1)

    def _answer(self, live: LiveReply, talk: Talk, known: History, newest: Exchange) -> None:
        """Ask one tutor and write down what it says; runs in a thread of its own."""
        try:
            tutor = self.roster.tutor(live.tutor)
            live.endpoint, live.version = endpoint_of(tutor), prompts.fingerprint(tutor)
            fitted = self._fitted(tutor, talk, known, newest.turn)
            live.left_out = tuple(sorted((*known.unanswered, *known.exchanges[: fitted.left_out])))
            if live.left_out:
                self._store.begin(live.exchange, live.tutor, live.left_out)
            live.started = time.monotonic()  # the time it took to open the tutor does not count
            whole = self._write(live, tutor.stream(Conversation(talk.lesson, fitted.turns), self._drawn(newest.temperature)))
            self._end(live, *ENDINGS.get(whole.finish_reason if whole else "", ("whole", "")), whole)
        except TutorError as error:
            self._end(live, "cut", str(error))
        finally:
            self._end(live, "cut", "The program failed here; the terminal shows why.")

    def _write(self, live: LiveReply, pieces: Iterator[str]) -> Reply | None:
        """Show every piece as it comes; return the whole reply if the tutor gives it."""
        try:
            while live.add(next(pieces)):
                pass
        except StopIteration as end:
            whole: Reply | None = end.value
            return whole
        if isinstance(pieces, Generator):
            pieces.close()
        return None

    def _end(self, live: LiveReply, status: Status, note: str = "", whole: Reply | None = None) -> None:
        live.end(status, note, whole)
        with self._lock:
            replies = self._live.get(live.exchange, {})
            if replies.pop(live.tutor, None) and not replies:
                del self._live[live.exchange]

    def _watch(self) -> None:
        """Cut off replies that take longer than `patience`."""
        while not self._closing.wait(WATCH_SECONDS):
            late = time.monotonic() - self._asking.patience
            with self._lock:
                overdue = [live for replies in self._live.values() for live in replies.values() if live.started < late]
            for live in overdue:
                self._end(live, "cut", f"No end after {self._asking.patience:g} seconds (chat.patience in params.yaml).")
