"""Talk with the tutors in a terminal: the same conversations as in the browser."""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from three_tutors.chat import view, wording
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.talk import Exchange, Talk, TutorReply, path_to, tip
from three_tutors.openai_client.tutor import Instead
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.methods import TutorName

HELP = """\
Type as a student. A line that begins with / is a command:
  /new [SCENARIO]    start with an empty page or a scenario (Enter alone then sends the scripted student's next turn)
  /scenarios         list the scenarios
  /ask NAME …        ask only these tutors from now on; /ask all asks everybody again
  /go NAME           continue with this tutor's replies
  /edit TEXT         replace your last turn, in a new branch
  /scores            score the last replies, with reasons
  /list, /open N     earlier conversations
  /delete            delete this conversation
  /quit              stop; everything is saved"""


@dataclass
class Terminal:
    """One person at a terminal."""

    conversations: Conversations
    read: Callable[[str], str]
    out: TextIO
    talk: Talk
    at: int | None = None
    asked: tuple[TutorName, ...] = ()
    follows: TutorName | None = None

    def line(self, text: str) -> bool:
        """Do what one line says; return False if it says to stop."""
        command, _, rest = text.strip().partition(" ")
        commands: Mapping[str, Callable[[str], None]] = {
            "/new": self._new,
            "/scenarios": self._scenarios,
            "/ask": self._ask,
            "/go": self._go,
            "/edit": self._edit,
            "/scores": self._scores,
            "/list": self._list,
            "/open": self._open,
            "/delete": self._delete,
        }
        if command in {"/quit", "/exit"}:
            return False
        try:
            if command in commands:
                commands[command](rest.strip())
            elif command.startswith("/"):
                self._print(HELP)
            else:
                self._say(text, self.at, self.follows)
        except TutorError as error:
            self._print(f"! {error}")
        return True

    def _say(self, text: str, parent: int | None, follows: TutorName | None) -> None:
        scripted = self.conversations.scripted(self.talk, len(self._path(parent)))
        said = text.strip() or (scripted.text if scripted else "")
        if said and not text.strip():
            self._print(f"student: {said}")
        self.at = self.conversations.say(self.talk, said, parent=parent, follows=follows, asked=self.asked or self.talk.tutors)
        self.follows = None
        for tutor in self._exchanges()[self.at].asked:
            self._show(tutor, self.at)
        self._print("")
        self._offer()

    def _show(self, tutor: TutorName, exchange: int) -> None:
        """Print one tutor's reply as it is written; the others go on meanwhile."""
        heard: queue.SimpleQueue[str | TutorReply] = queue.SimpleQueue()
        self._print(f"{tutor}: ", end="")
        live = self.conversations.replying.live(exchange).get(tutor)
        text, reply = live.subscribe(heard.put) if live else ("", self._exchanges()[exchange].replies[tutor])
        self._print(plain(text or (reply.text if reply else "")), end="")
        while reply is None:
            heard_now = heard.get()
            if isinstance(heard_now, TutorReply):
                reply = heard_now
            else:
                again = "\n  [The tutor dropped this draft and begins again.]\n" if isinstance(heard_now, Instead) else ""
                self._print(again + plain(heard_now), end="")
        shown = view.column(self.conversations, self.talk, reply, self._exchanges())
        if shown.ending:
            self._print(f"\n  [{shown.ending}. {plain(shown.note)}]", end="")
        if shown.left_out:
            self._print(f"\n  [{len(shown.left_out)} earlier turns were not shown to this tutor]", end="")
        self._print(f"\n  [{shown.facts}]")

    def tidy(self) -> None:
        """Delete a conversation in which nothing was said."""
        if self.at is None:
            self.conversations.delete(self.talk)

    def _new(self, scenario: str) -> None:
        self.tidy()
        self.talk = self.conversations.start(None, self.talk.tutors, blind=False, scenario=scenario or None)
        self.at, self.follows, self.asked = None, None, ()
        self._print(f"A new conversation: {self.talk.lesson.topic}")
        self._offer()

    def _scenarios(self, _: str) -> None:
        for scenario in self.conversations.scenarios.values():
            self._print(f"  {scenario.id}: {scenario.lesson.topic} ({scenario.lesson.subject}, grade {scenario.lesson.grade})")

    def _ask(self, names: str) -> None:
        wanted = tuple(name for name in self.talk.tutors if name in names.split())
        if not wanted and names.split() != ["all"]:
            raise TutorError(f"The tutors are {', '.join(self.talk.tutors)}.")
        self.asked = wanted
        self._print(f"Asking {', '.join(wanted or self.talk.tutors)}.")

    def _go(self, name: str) -> None:
        reply = self._exchanges()[self.at].reply(name) if self.at else None
        if reply is None:
            raise TutorError(f"There is no reply of {name!r} to go on with.")
        self.follows, self.asked = reply.tutor, (reply.tutor,)
        self._print(f"Continuing with {name}; /ask all asks the others too.")

    def _edit(self, text: str) -> None:
        if self.at is None:
            raise TutorError("There is no turn to edit yet.")
        last = self._exchanges()[self.at]
        self._say(text, last.parent, last.follows)

    def _scores(self, _: str) -> None:
        if self.at is None:
            raise TutorError("There is no reply to score yet.")
        for tutor in self._exchanges()[self.at].asked:
            score = self.conversations.score(self.talk, self.at, tutor)
            self._print(f"{tutor}: {score.value:.2f}" if score else f"{tutor}: nothing to score")
            for criterion in score.criteria if score else ():
                self._print(f"  {criterion.value:.1f} {wording.criterion(criterion.name)}: {plain(criterion.reason)}")

    def _list(self, _: str) -> None:
        for number, (_talk, title, _first, _when) in enumerate(self.conversations.shelf.talks(), start=1):
            self._print(f"  {number} {plain(title)}")

    def _open(self, number: str) -> None:
        talks = {str(place): talk for place, (talk, _, _) in enumerate(self.conversations.store.talks(), start=1)}
        if number not in talks:
            raise TutorError("Say which one: /open and a number from /list.")
        self.tidy()
        self.talk = talks[number]
        exchanges = self._exchanges()
        self.at = tip(exchanges, max(exchanges)) if exchanges else None
        self.follows, self.asked = None, ()
        for exchange in self._path(self.at):
            self._print(f"student: {plain(exchange.text)}")
            for reply in exchange.replies.values():
                self._print(f"{reply.tutor}: {plain(reply.text)}")
        self._offer()

    def _delete(self, _: str) -> None:
        if self.read("Delete this conversation for good? (yes/no) ").strip().lower() != "yes":
            return
        self.at = None
        self._new("")

    def _offer(self) -> None:
        scripted = self.conversations.scripted(self.talk, len(self._path(self.at)))
        if scripted:
            self._print(f"(Enter alone sends: {scripted.text})")

    def _exchanges(self) -> dict[int, Exchange]:
        return self.conversations.store.exchanges(self.talk.id)

    def _path(self, at: int | None) -> list[Exchange]:
        return path_to(at, self._exchanges())

    def _print(self, text: str, end: str = "\n") -> None:
        print(text, end=end, file=self.out, flush=True)


def converse(conversations: Conversations, read: Callable[[str], str] = input, out: TextIO = sys.stdout) -> None:
    """Talk until `/quit`, Ctrl-D or Ctrl-C."""
    print(HELP, file=out)
    names = conversations.replying.roster.names
    terminal = Terminal(conversations, read, out, conversations.start(None, names, blind=False))
    try:
        while terminal.line(read("student> ")):
            pass
    except (EOFError, KeyboardInterrupt):
        print(file=out)
    terminal.tidy()
    print("The conversations are saved.", file=out)


def plain(text: str) -> str:
    """Return text that cannot move the cursor or change the terminal: control characters become �."""
    return "".join(letter if letter in "\n\t" or letter.isprintable() else "\ufffd" for letter in text)
