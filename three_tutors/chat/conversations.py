"""What a person can do in the browser and in the terminal: start, say, score, choose, reveal, delete."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.chat.ballots import Ballots, can_choose, shown
from three_tutors.chat.replying import Replying
from three_tutors.chat.roster import EMPTY
from three_tutors.chat.shelf import Shelf
from three_tutors.chat.store import Store
from three_tutors.chat.talk import Exchange, Talk, history, path_to
from three_tutors.chat.wording import called
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.text import has_half
from three_tutors.scoring.rubric import RubricScore, score
from three_tutors.tutoring.dialogue import LONGEST_TURN, Lesson
from three_tutors.tutoring.methods import TUTORS, TutorName
from three_tutors.tutoring.scenario import Scenario, ScriptedTurn

DAY = 24 * 60 * 60.0
HOTTEST = 2
"""Highest temperature that services take."""
TWO = 2
"""Fewest replies between which there is a choice."""


@dataclass(frozen=True)
class Conversations:
    """The store, the tutors and the scenarios, with the rules between them."""

    store: Store
    replying: Replying
    ballots: Ballots
    shelf: Shelf
    scenarios: Mapping[str, Scenario]
    answering: str = ""
    """Which models answer here, as a sentence."""

    def start(self, lesson: Lesson | None, tutors: Sequence[str], *, blind: bool, scenario: str | None = None) -> Talk:
        """Begin a conversation; without a lesson or scenario it is an empty page.

        Raises:
            TutorError: no tutor or an unknown one, or an unknown scenario.

        """
        names: list[TutorName] = [name for name in TUTORS if name in tutors and name in self.replying.roster.names]
        if not names:
            raise TutorError("Choose at least one tutor.")
        if scenario is not None and scenario not in self.scenarios:
            raise TutorError(f"There is no scenario {scenario!r}.")
        if blind:
            random.SystemRandom().shuffle(names)
        chosen = self.scenarios[scenario].lesson if scenario else lesson or EMPTY
        talk = Talk(secrets.token_urlsafe(9), chosen, tuple(names), blind, scenario, time.time())
        self.store.add(talk)
        return talk

    def say(
        self,
        talk: Talk,
        text: str,
        *,
        parent: int | None,
        follows: TutorName | None,
        asked: Sequence[TutorName],
        request: str | None = None,
        temperature: float | None = None,
    ) -> int:
        """Keep a student turn and let the tutors begin to reply; return the exchange's id.

        Raises:
            TutorError: the turn is empty or too long, the temperature is none, nobody is asked, or what it continues is gone or not
                finished.

        """
        text = text.replace("\r\n", "\n").strip()
        if not text:
            raise TutorError("Write something first.")
        if has_half(text):
            raise TutorError("That holds half a character; in a terminal, its encoding and Python's differ (set PYTHONIOENCODING=utf-8).")
        if len(text) > LONGEST_TURN:
            raise TutorError(f"A turn may have {LONGEST_TURN:,} characters; this one has {len(text):,}.")
        if temperature is not None and not 0 <= temperature <= HOTTEST:
            raise TutorError(f"The temperature is a number from 0 to {HOTTEST}.")
        names = tuple(name for name in talk.tutors if name in asked)
        if not names:
            raise TutorError("Choose at least one tutor.")
        exchanges = self.store.exchanges(talk.id)
        if parent is not None:
            self._continues(exchanges, parent, follows)
        scripted = self.scripted(talk, len(path_to(parent, exchanges)))
        understanding = scripted.understanding if scripted and scripted.text == text else ""
        new = Exchange(0, parent, follows, text, understanding, names, temperature=temperature)
        number, is_new = self.store.say(talk, request or secrets.token_urlsafe(9), new, time.time())
        if is_new:
            self.replying.ask(talk, number)
        return number

    def again(self, talk: Talk, exchange: Exchange, temperature: float | None) -> int:
        """Ask the same tutors once more, as another version of the same turn; return its id."""
        return self.say(
            talk, exchange.text, parent=exchange.parent, follows=exchange.follows, asked=exchange.asked, temperature=temperature
        )

    def scripted(self, talk: Talk, index: int) -> ScriptedTurn | None:
        """Return the scripted student turn that comes next in the conversation's scenario, if it has one."""
        scenario = self.scenarios.get(talk.scenario or "")
        return scenario.turns[index] if scenario and index < len(scenario.turns) else None

    def on_script(self, talk: Talk, path: Sequence[Exchange]) -> bool:
        """Return whether the student has said so far what the scenario's script says, so that its next line fits."""
        return all((scripted := self.scripted(talk, place)) and scripted.text == one.text for place, one in enumerate(path))

    def may_score(self, talk: Talk, exchange: Exchange) -> bool:
        """Return whether scores may be seen: in blind mode only once the person has chosen, so that they sway nobody."""
        if not talk.blind or self.store.revealed(talk.id) or self.ballots.chosen(exchange.id):
            return True
        return exchange.replies.keys() >= set(exchange.asked) and len(shown(talk, exchange)) < TWO  # nothing to choose between

    def score(self, talk: Talk, exchange: int, tutor: TutorName) -> RubricScore | None:
        """Return what the rubric says about one reply; None where there is none."""
        path = path_to(exchange, self.store.exchanges(talk.id))
        reply = path[-1].reply(tutor) if path else None
        if reply is None:
            return None
        turns = [turn for pair in history(path, tutor).past for turn in pair]
        return score(reply.text, lesson=talk.lesson, turns=[*turns, path[-1].turn])

    def choose(self, talk: Talk, exchange: Exchange, preferred: TutorName | None, *, none_helps: bool = False) -> None:
        """Keep a blind choice; `preferred` is None for no difference, or where none helps.

        Raises:
            TutorError: it would not be blind, or there is nothing to choose between.

        """
        if not can_choose(talk, exchange, revealed=self.store.revealed(talk.id)):
            raise TutorError("A choice counts only in blind mode and between finished replies.")
        if preferred is not None and preferred not in shown(talk, exchange):
            raise TutorError("That tutor has no reply here.")
        self.ballots.choose(talk, exchange, preferred, time.time(), none_helps=none_helps)

    def reveal(self, talk: Talk) -> None:
        """Show from now on which tutor is which; choices made after that do not count."""
        self.store.reveal(talk.id, time.time())

    def labels(self, talk: Talk) -> dict[str, str]:
        """Return what files call each tutor: its name, or a letter until it is revealed."""
        return {name: f"Tutor {talk.key(name).upper()}" if self.hidden(talk) else name for name in talk.tutors}

    def names(self, talk: Talk) -> dict[str, str]:
        """Return what the page calls each tutor: its plain name with the method beside it, or a letter until it is revealed."""
        return {name: called(name) if label == name else label for name, label in self.labels(talk).items()}

    def hidden(self, talk: Talk) -> bool:
        """Whether the person is not to know which tutor is which."""
        return talk.blind and not self.store.revealed(talk.id)

    def delete(self, talk: Talk) -> None:
        """Delete one conversation and stop the tutors that are writing in it."""
        for exchange in self.store.exchanges(talk.id):
            self.replying.stop(exchange)
        self.store.delete(talk.id)

    def delete_all(self) -> None:
        """Delete every conversation and every choice that was not published."""
        for talk, _, _ in self.store.talks():
            self.delete(talk)
        self.ballots.delete_all()

    def delete_old(self, days: int) -> int:
        """Delete the conversations in which nothing was said for so many days; return how many."""
        return len(self.store.delete_older(time.time() - days * DAY))

    def _continues(self, exchanges: Mapping[int, Exchange], parent: int, follows: TutorName | None) -> None:
        if parent not in exchanges:
            raise TutorError("The turn that this one continues no longer exists.")
        if self.replying.live(parent):
            raise TutorError("A tutor is still writing; wait for it or stop it.")
        if follows is not None and not exchanges[parent].reply(follows):
            raise TutorError("That tutor has no reply to go on with.")
