"""Ask several tutors at once, on a thread each, and let any number of readers follow what they write.

A reply goes on when a page is closed or loaded again, because it belongs to the store and not to a request. Whatever
ends it (the model, an error, the person, the clock) ends it once, and what came before is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from three_tutors.chat import prompts
from three_tutors.chat.price import micro_usd
from three_tutors.chat.roster import Roster, endpoint_of
from three_tutors.chat.store import Store
from three_tutors.chat.talk import Behind, Status, Talk, TutorReply, behind, path
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.tutor import Conversation, Instead
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pricing.prices import Model
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.history import fit
from three_tutors.tutoring.methods import TutorName

MOST_REPLIES = 512
"""Replies that may be under way at once; each has a thread that mostly waits."""

WATCH_SECONDS = 0.5
"""How often replies are looked at that take too long."""

Hear = Callable[[str | TutorReply], None]
"""Gets every further piece of a reply (`Instead` where it begins again) and at last the finished reply.

Called in a thread of the reply; must not block.
"""


@dataclass(frozen=True)
class Manner:
    """How tutors are asked."""

    sampling: Sampling
    window: int
    """Most tokens of a prompt and its reply together."""
    patience: float
    """Seconds after which a reply that has not ended is cut."""
    prices: Mapping[str, Model] = field(default_factory=dict)


class Live:
    """One reply that is being written."""

    def __init__(self, store: Store, exchange: int, tutor: TutorName, prices: Mapping[str, Model]) -> None:
        """Begin the clock; the store already holds the empty draft."""
        self.endpoint: Endpoint | None = None
        self.version = ""
        self.prices = prices
        self.exchange, self.tutor = exchange, tutor
        self.started = time.monotonic()
        self.left_out: tuple[int, ...] = ()
        self.reply: TutorReply | None = None
        self._store = store
        self._text = ""
        self._begun = 1
        self._hearers: list[Hear] = []
        self._lock = threading.Lock()

    def follow(self, hear: Hear) -> tuple[str, TutorReply | None]:
        """Return what is there already; what comes later is told to `hear`."""
        with self._lock:
            if self.reply is None:
                self._hearers.append(hear)
            return self._text, self.reply

    @property
    def text(self) -> str:
        """What is there already."""
        with self._lock:
            return self._text

    def leave(self, hear: Hear) -> None:
        """Tell `hear` nothing more."""
        with self._lock:
            if hear in self._hearers:
                self._hearers.remove(hear)

    def add(self, piece: str) -> bool:
        """Store a piece, then show it; False where the reply has ended meanwhile."""
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
            for hear in self._hearers:
                hear(piece)
            return True

    def end(self, status: Status, note: str = "", whole: Reply | None = None) -> None:
        """Keep the finished reply and tell everybody, unless it has ended already."""
        with self._lock:
            if self.reply is not None:
                return
            text = self._text
            if not text.strip():
                status, note = "failed", note or "This tutor ended its turn without a word."
            seconds, model = round(time.monotonic() - self.started, 2), self.endpoint.model if self.endpoint else ""
            reply = TutorReply(self.tutor, text, status, note, self.left_out, model, self.version, seconds=seconds, begun=self._begun)
            if whole and whole.completion_tokens:
                used = (whole.prompt_tokens, whole.completion_tokens)
                cost = micro_usd(self.endpoint, self.prices, *used)
                reply = replace(reply, prompt_tokens=used[0], completion_tokens=used[1], micro_usd=cost)
            self._store.end(self.exchange, reply)
            self.reply = reply  # whoever finds no reply under way finds it in the store
            for hear in self._hearers:
                hear(reply)
            self._hearers.clear()


class Replying:
    """All replies that are under way."""

    def __init__(self, store: Store, roster: Roster, manner: Manner) -> None:
        """Ask nobody yet."""
        self.roster = roster
        self._store, self._manner = store, manner
        self._live: dict[int, dict[str, Live]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def ask(self, talk: Talk, exchange: int) -> None:
        """Let every tutor that `exchange` asks begin its reply."""
        way = path(self._store.exchanges(talk.id), exchange)
        with self._lock:
            crowded = sum(map(len, self._live.values())) + len(way[-1].asked) > MOST_REPLIES
            replies = {tutor: Live(self._store, exchange, tutor, self._manner.prices) for tutor in way[-1].asked}
            self._live[exchange] = {str(tutor): live for tutor, live in replies.items()}
        for tutor, live in replies.items():
            if crowded:
                self._end(live, "failed", f"More than {MOST_REPLIES} replies are being written at once; ask again in a moment.")
            else:
                answer = partial(self._answer, live, talk, behind(way, tutor), way[-1].turn)
                threading.Thread(target=answer, name=f"{tutor} #{exchange}", daemon=True).start()

    def live(self, exchange: int) -> Mapping[str, Live]:
        """Return the replies of an exchange that are being written, by tutor; every other one is in the store."""
        with self._lock:
            return {tutor: live for tutor, live in self._live.get(exchange, {}).items() if live.reply is None}

    def stop(self, exchange: int, note: str = "You stopped this reply.") -> None:
        """End every reply of an exchange where it is."""
        for live in self.live(exchange).values():
            self._end(live, "stopped", note)

    def close(self) -> None:
        """End every reply; what is there of it is kept."""
        self._closing.set()
        for exchange in list(self._live):
            for live in self.live(exchange).values():
                self._end(live, "cut", "The program ended before this reply did.")

    def _answer(self, live: Live, talk: Talk, known: Behind, newest: Turn) -> None:
        """Ask one tutor and write down what it says; runs in a thread of its own."""
        try:
            tutor = self.roster.tutor(live.tutor)
            live.endpoint, live.version = endpoint_of(tutor), prompts.fingerprint(tutor)
            room = self._manner.window - self._manner.sampling.max_tokens
            fitted = fit(known.past, newest, room, prompts.counter(tutor, talk.lesson))
            live.left_out = tuple(sorted((*known.unanswered, *known.exchanges[: fitted.left_out])))
            if live.left_out:
                self._store.begin(live.exchange, live.tutor, live.left_out)
            live.started = time.monotonic()  # a tutor that was still being opened is not slow
            whole = self._write(live, tutor.stream(Conversation(talk.lesson, fitted.turns), self._manner.sampling))
            status: Status = "length" if whole and whole.finish_reason == "length" else "whole"
            self._end(live, status, "Cut at the most tokens of a reply." if status == "length" else "", whole)
        except TutorError as error:
            self._end(live, "cut", str(error))
        finally:
            self._end(live, "cut", "The program failed here; what it printed says why.")

    def _write(self, live: Live, pieces: Iterator[str]) -> Reply | None:
        """Show every piece as it comes; return the whole reply where the tutor tells it."""
        try:
            while live.add(next(pieces)):
                pass
        except StopIteration as end:
            whole: Reply | None = end.value
            return whole
        if isinstance(pieces, Generator):
            pieces.close()
        return None

    def _end(self, live: Live, status: Status, note: str = "", whole: Reply | None = None) -> None:
        live.end(status, note, whole)
        with self._lock:
            replies = self._live.get(live.exchange, {})
            if replies.pop(live.tutor, None) and not replies:
                del self._live[live.exchange]

    def _watch(self) -> None:
        """Cut what takes longer than anybody waits; its thread ends when its endpoint does."""
        while not self._closing.wait(WATCH_SECONDS):
            late = time.monotonic() - self._manner.patience
            with self._lock:
                overdue = [live for replies in self._live.values() for live in replies.values() if live.started < late]
            for live in overdue:
                self._end(live, "cut", f"No end after {self._manner.patience:g} seconds (chat.patience in params.yaml).")
