"""Replies that were paid for, kept by content the moment they come, so that none is ever lost or paid for twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.tutoring.formats import Message


def identity(urls: Sequence[str], model: str, training: str = "") -> str:
    """Return which model answers, as calls are filed: an address and the name that the model has there.

    Several addresses are machines that come and go while the model stays, so there the name alone counts: it has to say which weights
    answer, by a version or a digest.

    Args:
        urls: Where it answers.
        model: Its name there.
        training: The job that made it: one retrained behind the same name is another model. Empty where none is known.

    """
    return " ".join(part for part in (*(urls if len(urls) == 1 else ()), model, training) if part)


def call_key(identity: str, messages: Sequence[Message], sampling: Sampling) -> str:
    """Return the name of one call: what is asked of whom and how the reply is drawn.

    Args:
        identity: Which model answers: a digest of its weights, or its address and name. Two endpoints that serve
            different weights under one name must differ here.
        messages: The whole prompt.
        sampling: How the reply is drawn.

    """
    asked = json.dumps([identity, list(messages), asdict(sampling)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


class PaidReplies:
    """Replies by call, one JSON line each, written whole or not at all; a kill at any moment loses none that was there.

    The file holds digests and the model's replies, never what a student wrote. A line that cannot be read is skipped: that call
    is asked again.
    """

    def __init__(self, path: Path) -> None:
        """Read what `path` holds; the file is made by the first reply."""
        self._path = path
        self._lock = threading.Lock()
        self._turn = threading.Condition()
        self._under_way: set[str] = set()
        self._replies: dict[str, Reply] = {}
        self._ends_whole = True
        if path.exists():
            self._read()

    def __len__(self) -> int:
        """Return how many calls are kept."""
        return len(self._replies)

    def get(self, key: str) -> Reply | None:
        """Return the reply to a call that was made before."""
        return self._replies.get(key)

    @contextlib.contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let one thread at a time make this call, so that those that wait find the reply that the first one paid for."""
        with self._turn:
            self._turn.wait_for(lambda: key not in self._under_way)
            self._under_way.add(key)
        try:
            yield
        finally:
            with self._turn:
                self._under_way.remove(key)
                self._turn.notify_all()

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply.

        Raises:
            OSError: there is no room for it, say; what was kept before stays.

        """
        said = {name: value for name, value in asdict(reply).items() if value or name not in {"strategy", "estimated"}}
        line = json.dumps({"call": key, **said}, ensure_ascii=False) + "\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                before, left = file.seek(0, os.SEEK_END), (line if self._ends_whole else "\n" + line).encode()
                try:
                    while left:
                        left = left[file.write(left) :]
                except OSError:
                    file.truncate(before)
                    raise
            self._ends_whole = True
            self._replies[key] = reply

    def _read(self) -> None:
        kept = self._path.read_bytes()
        self._ends_whole = not kept or kept.endswith(b"\n")
        replies = TypeAdapter(Reply)
        for line in kept.split(b"\n"):
            try:
                record = json.loads(line)
                self._replies[str(record.pop("call"))] = replies.validate_python(record)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # blank, cut short by a kill, or no reply
                continue


@dataclass(frozen=True)
class PaidEndpoint(Endpoint):
    """An endpoint that is paid by the reply: each is kept as it comes, and one that was paid for is not asked again."""

    paid: PaidReplies = field(kw_only=True, repr=False, compare=False)
    filed_as: str = field(default="", kw_only=True)
    """Which model answers (see `identity`); left out, its addresses and name say it."""

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the reply that is kept, or the model's, which then is."""
        key = call_key(self.filed_as or identity(self.urls, self.model), messages, sampling)
        with self.paid.alone(key):
            reply = self.paid.get(key)
            if reply is None:
                reply = super().chat(messages, sampling)
                self.paid.put(key, reply)
        return reply
