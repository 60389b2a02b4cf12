"""What conversations are called, and how one is found again."""

from __future__ import annotations

from three_tutors.chat.roster import EMPTY
from three_tutors.chat.store import Store
from three_tutors.chat.talk import Talk
from three_tutors.chat.wording import beginning

LONGEST_NAME = 120
"""Characters."""

_FOUND = """
select id from talks where instr(folded(json_extract(record, '$.lesson.topic')), :it)
union select talk from names where instr(folded(name), :it)
union select talk from exchanges where instr(folded(json_extract(record, '$.text')), :it)
union select talk from exchanges join replies on exchange = id where instr(folded(json_extract(replies.record, '$.text')), :it)
"""


class Shelf:
    """Names in the store's file; they go with their conversation."""

    def __init__(self, store: Store) -> None:
        """Make the table where it is missing."""
        self._store = store
        store.write("create table if not exists names (talk text primary key references talks on delete cascade, name text not null)")

    def rename(self, talk: Talk, name: str) -> None:
        """Call a conversation by a name of the person's; an empty one gives back its own."""
        name = " ".join(name.split())[:LONGEST_NAME]
        if name:
            self._store.write("insert or replace into names values (?, ?)", (talk.id, name))
        else:
            self._store.write("delete from names where talk = ?", (talk.id,))

    def title(self, talk: Talk, first: str) -> str:
        """Return the name of a conversation: the person's, the topic of its lesson, or how it began with `first`."""
        for (name,) in self._store.read("select name from names where talk = ?", (talk.id,)):
            return str(name)
        return talk.lesson.topic if talk.lesson != EMPTY else beginning(first) or "An empty page"

    def talks(self, words: str = "") -> list[tuple[Talk, str, str, float]]:
        """Return every conversation, or those that hold `words`, the latest first: with title, first turn and time of its last turn.

        The words are looked for, in capitals or not, in names, topics, student turns and replies.
        """
        words = " ".join(words.split()).casefold()
        found = {talk for (talk,) in self._store.read(_FOUND, {"it": words})} if words else set()
        return [
            (talk, self.title(talk, first), beginning(first), when)
            for talk, first, when in self._store.talks()
            if not words or talk.id in found
        ]
