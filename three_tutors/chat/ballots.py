"""Choices made in blind mode: kept without a word of the conversation, added to data/raw/preferences.jsonl on request."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from three_tutors.chat.store import Store
from three_tutors.chat.talk import Exchange, Talk
from three_tutors.trust.preferences import PREFERENCES, Preference, add_preferences

_ALL = """
select record, exchange in (select id from exchanges where talk not in (select talk from reveals)) as blind from ballots order by exchange
"""


def can_choose(talk: Talk, exchange: Exchange, *, revealed: bool) -> bool:
    """Return whether a choice in this exchange would be a blind one between at least two finished replies."""
    finished = exchange.replies.keys() >= set(exchange.asked)
    return talk.blind and not revealed and finished and len(shown(talk, exchange)) > 1


def shown(talk: Talk, exchange: Exchange) -> tuple[str, ...]:
    """Return the tutors that said something in an exchange, from left to right."""
    return tuple(name for name in talk.tutors if exchange.reply(name))


class Ballots:
    """The choices in the store's file. They outlive their conversation because they hold no word of it."""

    def __init__(self, store: Store) -> None:
        """Make the table where it is missing."""
        self._store = store
        store.write("create table if not exists ballots (exchange integer primary key, record text not null)")

    def choose(self, talk: Talk, exchange: Exchange, preferred: str | None, now: float, *, none_helps: bool = False) -> None:
        """Keep which tutor was preferred (None: no difference, or none helps); a changed mind replaces the earlier choice."""
        names = shown(talk, exchange)
        versions = tuple(exchange.replies[name].version for name in names)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        ballot = Preference(secrets.token_hex(8), day, talk.lesson.subject, talk.lesson.grade, names, preferred, versions, none_helps)
        known = self.chosen(exchange.id)
        record = {**asdict(ballot), "id": known.id if known else ballot.id}
        self._store.write("insert or replace into ballots values (?, ?)", (exchange.id, json.dumps(record)))

    def chosen(self, exchange: int) -> Preference | None:
        """Return the choice made in an exchange."""
        rows = self._store.read("select record from ballots where exchange = ?", (exchange,))
        return _preference(rows[0][0]) if rows else None

    def preferred(self, exchanges: Iterable[int]) -> dict[int, str]:
        """Return the tutor that was preferred in each exchange where one was."""
        made = {number: self.chosen(number) for number in exchanges}
        return {number: choice.preferred for number, choice in made.items() if choice and choice.preferred}

    def counted(self) -> list[Preference]:
        """Return the choices whose conversation is no longer blind, oldest first: counting the others would tell who is who."""
        return [_preference(text) for text, blind in self._store.read(_ALL) if not blind]

    def waiting(self) -> int:
        """Return how many choices will count once their conversation is revealed or deleted."""
        return sum(blind for _, blind in self._store.read(_ALL))

    def delete_all(self) -> None:
        """Delete every choice from the store; those in data/raw/preferences.jsonl stay there."""
        self._store.write("delete from ballots")

    def publish(self, path: Path = PREFERENCES) -> int:
        """Add the counted choices to `path`; return how many choices it holds now."""
        return add_preferences(self.counted(), path)


def _preference(text: str) -> Preference:
    record = json.loads(text)
    return Preference(**{**record, "shown": tuple(record["shown"]), "versions": tuple(record["versions"])})
