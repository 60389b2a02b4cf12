"""What was already asked and paid for, by content, so that it is never paid for twice."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.tutoring.formats import Message


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


class Ledger:
    """Replies by call, one JSON line each, appended and flushed the moment a reply is there.

    It holds digests and the model's replies, never what a student wrote. A line that a kill cut short is dropped.
    """

    def __init__(self, path: Path) -> None:
        """Read what `path` holds; the file is made by the first reply."""
        self._path = path
        self._lock = threading.Lock()
        self._replies: dict[str, Reply] = {}
        if path.exists():
            self._read()

    def __len__(self) -> int:
        """Return how many calls are kept."""
        return len(self._replies)

    def get(self, key: str) -> Reply | None:
        """Return the reply to a call that was made before."""
        return self._replies.get(key)

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply."""
        said = {name: value for name, value in asdict(reply).items() if value is not None}
        line = json.dumps({"call": key, **said}, ensure_ascii=False) + "\n"
        with self._lock:
            self._replies[key] = reply
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line)

    def _read(self) -> None:
        whole = 0
        for line in self._path.read_bytes().splitlines(keepends=True):
            try:
                record = json.loads(line)
                call = record.pop("call")
                self._replies[call] = Reply(**record)
            except (ValueError, TypeError, KeyError):
                break
            if not line.endswith(b"\n"):
                break
            whole += len(line)
        if whole < self._path.stat().st_size:
            with self._path.open("r+b") as file:
                file.truncate(whole)
