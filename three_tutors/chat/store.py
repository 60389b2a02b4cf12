"""Conversations on disk: one SQLite file in WAL mode that only its owner can read.

Student turns and finished replies are added and never changed; triggers see to it. A reply that is being written is a draft. It is
stored before it is shown, so a kill loses nothing that anybody saw. Deleted text is overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from three_tutors.chat.talk import Exchange, Talk, TutorReply
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Lesson, UnderstandingLabel
from three_tutors.tutoring.fields import values
from three_tutors.tutoring.methods import TutorName

FOLDER = Path(".cache/chat")
"""Ignored by Git and not an output of the pipeline."""

_SCHEMA = """
create table if not exists talks (id text primary key, created real not null, record text not null);
create table if not exists exchanges (
    id integer primary key autoincrement,
    talk text not null references talks on delete cascade,
    parent integer references exchanges,
    request text not null unique,
    created real not null,
    record text not null
);
create index if not exists exchanges_of_talk on exchanges (talk);
create table if not exists replies (
    exchange integer not null references exchanges on delete cascade,
    tutor text not null,
    record text not null,
    primary key (exchange, tutor)
);
create table if not exists drafts (
    exchange integer not null references exchanges on delete cascade,
    tutor text not null,
    text text not null default '',
    left_out text not null default '[]',
    primary key (exchange, tutor)
);
create table if not exists reveals (talk text primary key references talks on delete cascade, created real not null);
create trigger if not exists talks_stay before update on talks begin select raise(abort, 'a conversation never changes'); end;
create trigger if not exists exchanges_stay before update on exchanges begin select raise(abort, 'a turn never changes'); end;
create trigger if not exists replies_stay before update on replies begin select raise(abort, 'a reply never changes'); end;
"""


class Store:
    """The only connection to the file; any thread may call any method."""

    def __init__(self, connection: sqlite3.Connection, journal: Path) -> None:
        """Take an open connection and the file of its write-ahead log; `open_store` makes both."""
        self._connection, self._journal = connection, journal
        self._lock = threading.RLock()

    def add(self, talk: Talk) -> None:
        """Keep a new conversation."""
        self.write("insert into talks values (?, ?, ?)", (talk.id, talk.created, json.dumps(asdict(talk))))

    def talk(self, name: str) -> Talk | None:
        """Return a conversation by its id."""
        rows = self.read("select record from talks where id = ?", (name,))
        return _talk(rows[0][0]) if rows else None

    def talks(self) -> list[tuple[Talk, str, float]]:
        """Return every conversation with its first student turn and the time of its last one, the latest first."""
        rows = self.read(
            "select record, (select record from exchanges where talk = talks.id order by id limit 1),"
            " coalesce((select max(created) from exchanges where talk = talks.id), created) as latest from talks order by latest desc"
        )
        return [(_talk(record), json.loads(first)["text"] if first else "", latest) for record, first, latest in rows]

    def say(self, talk: Talk, request: str, exchange: Exchange, now: float) -> tuple[int, bool]:
        """Keep a student turn and an empty draft for each tutor that is asked; return its id and whether it is new.

        `exchange.id` is ignored. `request` names the click: sent twice, the turn is kept once.
        """
        record = {key: getattr(exchange, key) for key in ("follows", "text", "understanding", "asked", "temperature")}
        with self._durably() as execute:
            known = execute("select id from exchanges where request = ?", (request,)).fetchone()
            if known:
                return int(known[0]), False
            columns = (talk.id, exchange.parent, request, now, json.dumps(record))
            number = execute("insert into exchanges (talk, parent, request, created, record) values (?, ?, ?, ?, ?)", columns).lastrowid
            for tutor in exchange.asked:
                execute("insert into drafts (exchange, tutor) values (?, ?)", (number, tutor))
        return int(number or 0), True

    def exchanges(self, talk: str) -> dict[int, Exchange]:
        """Return every exchange of a conversation with its finished replies, by id."""
        with self._lock:
            rows = self.read("select id, parent, record from exchanges where talk = ? order by id", (talk,))
            said = self.read(
                "select exchange, tutor, record from replies where exchange in (select id from exchanges where talk = ?)", (talk,)
            )
        replies: dict[int, dict[str, TutorReply]] = {}
        for exchange, tutor, record in said:
            replies.setdefault(exchange, {})[tutor] = _reply(record)
        return {number: _exchange(number, parent, record, replies.get(number, {})) for number, parent, record in rows}

    def begin(self, exchange: int, tutor: TutorName, left_out: Sequence[int]) -> None:
        """Note what a tutor is not shown, before it is asked."""
        self._write("update drafts set left_out = ? where exchange = ? and tutor = ?", (json.dumps(left_out), exchange, tutor))

    def append(self, exchange: int, tutor: TutorName, piece: str) -> None:
        """Keep one more piece of a reply that is being written."""
        self._write("update drafts set text = text || ? where exchange = ? and tutor = ?", (piece, exchange, tutor))

    def rewrite(self, exchange: int, tutor: TutorName, text: str) -> None:
        """Keep `text` in place of what was written of a reply so far."""
        self._write("update drafts set text = ? where exchange = ? and tutor = ?", (text, exchange, tutor))

    def end(self, exchange: int, reply: TutorReply) -> None:
        """Turn a draft into a finished reply; do nothing if there is no draft any more."""
        with self._durably() as execute:
            if execute("delete from drafts where exchange = ? and tutor = ?", (exchange, reply.tutor)).rowcount:
                execute("insert into replies values (?, ?, ?)", (exchange, reply.tutor, json.dumps(asdict(reply))))

    def recover(self) -> int:
        """Turn the drafts that an earlier run left into replies that say so; return how many."""
        drafts = self.read("select exchange, tutor, text, left_out from drafts")
        for exchange, tutor, text, left_out in drafts:
            note = "The program ended before this reply did."
            self.end(exchange, TutorReply(tutor, text, "cut" if text else "failed", note, tuple(json.loads(left_out))))
        return len(drafts)

    def reveal(self, talk: str, now: float) -> None:
        """Note that the tutors' names are shown from now on."""
        self.write("insert or ignore into reveals values (?, ?)", (talk, now))

    def revealed(self, talk: str) -> bool:
        """Return whether the tutors' names are shown in this conversation."""
        return bool(self.read("select 1 from reveals where talk = ?", (talk,)))

    def delete(self, talk: str) -> None:
        """Delete one conversation with every word of it."""
        self._delete("delete from talks where id = ?", (talk,))

    def delete_all(self) -> None:
        """Delete every conversation."""
        self._delete("delete from talks", ())

    def delete_older(self, before: float) -> list[str]:
        """Delete the conversations in which nothing was said since `before`; return their ids."""
        old = [talk.id for talk, _, latest in self.talks() if latest < before]
        for name in old:
            self.delete(name)
        return old

    def read(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return rows; other modules keep tables of their own in the same file."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Write in one transaction that a power cut does not undo."""
        with self._durably() as execute:
            execute(sql, values)

    def _write(self, sql: str, values: Sequence[Any]) -> None:
        """Write without waiting for the disk: enough for drafts, of which a new piece comes every few milliseconds."""
        with self._lock:
            self._connection.execute(sql, values)

    @contextlib.contextmanager
    def _durably(self) -> Iterator[Any]:
        """One transaction that a power cut does not undo; the pieces of a draft survive only a kill.

        The flush to the disk is outside the lock, so that many turns share one and no reader waits for it.
        """
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")
        with self._journal.open("rb") as journal:
            os.fsync(journal)

    def _delete(self, sql: str, values: Sequence[Any]) -> None:
        with self._durably() as execute:
            execute("pragma defer_foreign_keys = on")  # an exchange may be deleted before the one that it continues
            execute(sql, values)
        with self._lock:
            self._connection.execute("pragma wal_checkpoint(truncate)")


@contextlib.contextmanager
def open_store(folder: Path = FOLDER) -> Iterator[Store]:
    """Yield the store in `folder`; replies that an earlier run did not finish are marked.

    Raises:
        TutorError: another process has it open.

    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TutorError(f"The conversations in {folder} are open in another window; close that one first.") from None
        path = folder / "chat.sqlite"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma secure_delete = on")
            connection.create_function("folded", 1, str.casefold, deterministic=True)  # for searches in any script
            connection.executescript(_SCHEMA)
            store = Store(connection, path.with_name(f"{path.name}-wal"))
            store.recover()
            yield store


def _talk(text: str) -> Talk:
    record = json.loads(text)
    return Talk(**{**record, "tutors": tuple(record["tutors"]), "lesson": Lesson(**values(Lesson, record["lesson"]))})


def _exchange(number: int, parent: int | None, text: str, replies: dict[str, TutorReply]) -> Exchange:
    record = json.loads(text)
    understanding: UnderstandingLabel = record["understanding"] or ""
    asked = tuple(record["asked"])
    return Exchange(number, parent, record["follows"], record["text"], understanding, asked, replies, record.get("temperature"))


def _reply(text: str) -> TutorReply:
    record = json.loads(text)
    return TutorReply(**{**record, "left_out": tuple(record["left_out"])})
