"""What the server remembers: one SQLite file of protocol objects, and the folder beside it that holds their bytes.

Every object is a row with the JSON document that clients see and, apart from it, what only the server needs; `objects`
declares both. Rows are numbered in order of creation, which is what lists are paged by. The database is in WAL mode and
syncs on every commit: what was acknowledged survives a kill at any moment. A training process writes to the same file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from three_tutors.openai_server.objects import PRIVATE, SHOWN, Issued, Kept, Kind, substitute
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record

DATABASE = "store.sqlite3"
BUSY_SECONDS = 60.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    document TEXT NOT NULL,
    private TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS pages ON objects (kind, parent, number);
"""


def private_folder(path: Path) -> Path:
    """Make a folder, or take one that is there, so that no other user of this machine can look into it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def private_file(path: str, flags: int) -> int:
    """Open a file that no other user of this machine can read; an `opener`."""
    return os.open(path, flags, 0o600)


@dataclass(frozen=True)
class Row:
    """One object."""

    id: str
    parent: str
    """Id of the job that an event or checkpoint belongs to, else empty."""
    document: Record
    """What clients see."""
    private: Record
    """What only the server needs; empty where it cannot be read any more."""


class Store:
    """The database in `root`; may be used from many threads and processes."""

    def __init__(self, root: Path) -> None:
        """Open the database in `root`, made where it is missing.

        Raises:
            TutorError: it is damaged as a whole, or the disk is full.

        """
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives the files that it puts beside the database the same rights.
        for path in (root / DATABASE, *root.glob(f"{DATABASE}-*")):
            path.touch(mode=0o600)
            path.chmod(0o600)
        self._local = threading.local()
        try:
            with self.transaction() as database:
                for statement in SCHEMA.split(";"):
                    database.execute(statement)
        except sqlite3.Error as error:
            raise TutorError(f"The database in {root} cannot be used ({error}); make room there, or choose another folder.") from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside a write transaction: all of the block's changes are kept, or none."""
        database = self._connection()
        if database.in_transaction:
            yield database
            return
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    def insert(self, kind: Kind, id_: str, shown: Kept, *, parent: str = "", private: Kept | None = None) -> Row:
        """Add an object."""
        document, kept = shown.record(), private.record() if private else {}
        values = (kind, id_, parent, *_checked(kind, document, kept))
        with self.transaction() as database:
            database.execute("INSERT INTO objects (kind, id, parent, document, private) VALUES (?, ?, ?, ?, ?)", values)
        return Row(id_, parent, document, kept)

    def get(self, kind: Kind, id_: str) -> Row | None:
        """Return one object, or None where there is none."""
        query = "SELECT id, parent, document, private FROM objects WHERE kind = ? AND id = ?"
        found = self._connection().execute(query, (kind, id_)).fetchone()
        return None if found is None else _row(kind, *found)

    def change(self, kind: Kind, id_: str, change: Callable[[Record, Record], None]) -> Row:
        """Let `change` edit the document and the private part of an object; return it as it is then."""
        with self.transaction() as database:
            row = self.get(kind, id_)
            if row is None:
                raise KeyError(id_)
            change(row.document, row.private)
            query = "UPDATE objects SET document = ?, private = ? WHERE kind = ? AND id = ?"
            database.execute(query, (*_checked(kind, row.document, row.private), kind, id_))
        return row

    def delete(self, kind: Kind, id_: str) -> None:
        """Remove an object; its number is never given again."""
        with self.transaction() as database:
            database.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, id_))

    def all(self, kind: Kind, parent: str = "", *, having: Record | None = None) -> list[Row]:
        """Return every object of a kind, oldest first; see `page`."""
        return self.page(kind, parent, ascending=True, having=having)[0]

    def page(
        self,
        kind: Kind,
        parent: str = "",
        *,
        after: str | None = None,
        limit: int = 2**31,
        ascending: bool = False,
        having: Record | None = None,
    ) -> tuple[list[Row], bool]:
        """Return up to `limit` objects after the one with id `after`, newest first, and whether more follow.

        `having` names values that the documents must hold.

        Raises:
            KeyError: there is no object `after`.

        """
        order, beyond = ("ASC", ">") if ascending else ("DESC", "<")
        conditions, values = ["kind = ?", "parent = ?"], [kind, parent]
        if after is not None:
            if (start := self.get(kind, after)) is None or start.parent != parent:
                raise KeyError(after)
            conditions.append(f"number {beyond} (SELECT number FROM objects WHERE kind = ? AND id = ?)")  # noqa: S608 - `beyond` is ours
            values += [kind, after]
        for key, value in (having or {}).items():
            conditions.append(
                "CASE WHEN json_valid(document) THEN json_extract(document, ?) IS ? END"
            )  # one that is damaged raises otherwise
            values += [f"$.{key}", value]
        # Conditions and order are ours; everything a client sent is bound.
        query = f"SELECT id, parent, document, private FROM objects WHERE {' AND '.join(conditions)} ORDER BY number {order} LIMIT ?"  # noqa: S608
        found = self._connection().execute(query, (*values, limit + 1)).fetchall()
        return [_row(kind, *one) for one in found[:limit]], len(found) > limit

    def issue(self, prefix: str, *content: str) -> str:
        """Return a new id made from what it stands for: the n-th object with this content gets the same id everywhere.

        So a pipeline that is run again in a new folder writes the same bytes, and no id is given twice.
        """
        digest = hashlib.sha256("\0".join(content).encode()).hexdigest()
        with self.transaction() as database:
            if self.get("issued", digest) is None:
                self.insert("issued", digest, Issued())
            while True:
                count = self.change("issued", digest, _count).document["count"]
                id_ = prefix + hashlib.sha256(f"{digest}{count}".encode()).hexdigest()[:24]
                taken = "SELECT 1 FROM objects WHERE kind IN ('file', 'job', 'event') AND id = ?"
                if database.execute(taken, (id_,)).fetchone() is None:  # else the count was lost
                    return id_

    def close(self) -> None:
        """Close this thread's connection."""
        database: sqlite3.Connection | None = getattr(self._local, "database", None)
        if database is not None:
            database.close()
            del self._local.database

    def _connection(self) -> sqlite3.Connection:
        database: sqlite3.Connection | None = getattr(self._local, "database", None)
        if database is None:
            database = sqlite3.connect(self.root / DATABASE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.text_factory = lambda data: data.decode("utf-8", "replace")
            self._local.database = database
        return database


def _checked(kind: Kind, document: Record, private: Record) -> tuple[str, str]:
    """Return both parts as they are written; what could not be read again is a bug and raises `ValidationError`."""
    texts = json.dumps(document), json.dumps(private)
    _read(kind, *texts)
    return texts


def _read(kind: Kind, document: str, private: str) -> tuple[Record, Record]:
    shown = SHOWN[kind].model_validate_json(document).record()
    return shown, PRIVATE[kind].model_validate_json(private).record() if kind in PRIVATE else {}


def _row(kind: Kind, id_: str, parent: str, document: str, private: str) -> Row:
    try:
        shown, kept = _read(kind, str(document), str(private))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        reason = " ".join(str(part) for part in (*problem["loc"], problem["msg"]))
        return Row(id_, parent, substitute(kind, str(id_), str(parent), reason).record(), {})
    return Row(id_, parent, {**shown, "id": str(id_)} if "id" in shown else shown, kept)


def _count(document: Record, _: Record) -> None:
    document["count"] += 1
