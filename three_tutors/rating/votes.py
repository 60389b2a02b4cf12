"""What raters said, kept line by line as they say it; on their consent it is added to data/raw/ratings.jsonl.

A vote is written to the end of the file while nobody else writes and is then flushed to the disk, so that two tabs, two raters or two
programs lose nothing of each other, and a kill nothing that was saved. No line is changed; later ones outdo earlier ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.trust.ratings import RATINGS, add_ratings, without_rater

FOLDER = Path(".cache/ratings")
"""Ignored by Git."""
_VOTES, _KEY, _LOCK = "votes.jsonl", "key", "lock"


@dataclass
class Rater:
    """What one rater has said so far."""

    rows: dict[str, dict[str, Record]] = field(default_factory=dict)
    """Item → writer → the row that was made of the vote."""
    skipped: set[str] = field(default_factory=set)
    looked: set[str] = field(default_factory=set)
    """Moments of which the rater has seen who wrote what: these votes stay as they are."""
    consents: bool = False

    @property
    def done(self) -> dict[str, tuple[str, ...]]:
        """Item → the writers that were rated there; none where it was skipped."""
        return {**dict.fromkeys(self.skipped, ()), **{item: tuple(of) for item, of in self.rows.items()}}

    @property
    def ratings(self) -> int:
        """How many replies were rated."""
        return sum(map(len, self.rows.values()))


class Votes:
    """The file of votes in a folder of its own, which only its owner can read."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Make the folder and the key where they are missing."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, key = folder / _VOTES, folder / _KEY
        with contextlib.suppress(FileExistsError), os.fdopen(os.open(key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
        self._key = key.read_bytes()

    def raters(self) -> dict[str, Rater]:
        """Return what everybody said, read anew: another program may have added to it."""
        found: dict[str, Rater] = {}
        for line in self._lines():
            rater = found.setdefault(line["rater"], Rater())
            if line["kind"] == "consent":
                rater.consents = line["given"]
            elif line["kind"] == "skip":
                rater.skipped.add(line["item"])
            elif line["kind"] == "look":
                rater.looked.add(line["item"])
            else:
                rater.rows.setdefault(line["row"]["item"], {})[line["row"]["tutor"]] = line["row"]
        return found

    def rate(self, rater: str, rows: Sequence[Record]) -> None:
        """Keep the ratings of one moment, all or none of them."""
        self._add({"kind": "rating", "rater": rater, "row": row} for row in rows)

    def skip(self, rater: str, item: str) -> None:
        """Note that a rater does not want to judge a moment."""
        self._add([{"kind": "skip", "rater": rater, "item": item}])

    def look(self, rater: str, item: str) -> None:
        """Note that a rater has seen who wrote what."""
        self._add([{"kind": "look", "rater": rater, "item": item}])

    def consent(self, rater: str, *, given: bool) -> None:
        """Note whether a rater agrees to the licence; this also makes the rater known."""
        self._add([{"kind": "consent", "rater": rater, "given": given}])

    def forget(self, rater: str, published: Path = RATINGS) -> None:
        """Delete everything that a rater said, here and in the data set."""
        with self._alone():
            write_jsonl(self._path, [line for line in self._lines() if line["rater"] != rater])
        without_rater(rater, published)

    def publish(self, path: Path = RATINGS) -> int:
        """Add the ratings of whoever agreed to `path`; return how many ratings it holds now."""
        return add_ratings([row for one in self.raters().values() if one.consents for of in one.rows.values() for row in of.values()], path)

    def sign(self, *parts: str) -> str:
        """Return a name for a reply that tells nobody who wrote it, and no two alike."""
        return hmac.new(self._key, "\n".join(parts).encode(), "sha256").hexdigest()[:20]

    def _lines(self) -> list[Record]:
        """Return every whole line; one that a kill cut short was never saved."""
        found = []
        for text in (self._path.read_bytes() if self._path.exists() else b"").split(b"\n"):
            with contextlib.suppress(ValueError):
                found.append(json.loads(text))
        return found

    def _add(self, lines: Iterable[Record]) -> None:
        """Write lines that begin with a line feed, so that one which a kill cut short spoils no other."""
        text = "".join(f"\n{json.dumps(line, ensure_ascii=False)}" for line in lines) + "\n"
        with self._alone(), os.fdopen(os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._path.with_name(_LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when the file is closed
            yield
