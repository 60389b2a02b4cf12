"""Turn tokens into text as they come: whole characters only, ended by the first stop sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

UNFINISHED = "\ufffd"
"""What a decoder writes for the first bytes of a character whose last are still to come."""


@dataclass
class TextStream:
    """Text of one reply so far; text that may yet belong to a stop sequence is held back."""

    decode: Callable[[Sequence[int]], str]
    stop: tuple[str, ...] = ()
    stopped: bool = False
    _ids: list[int] = field(default_factory=list)
    _settled: int = 0
    """Tokens before this one have been turned into text and are only context for the next."""
    _held: str = ""

    def add(self, token: int) -> str:
        """Return the text that is certain now that `token` has come."""
        self._ids.append(token)
        # A token's text can depend on the one before it, so the last settled one is decoded again each time.
        start = max(0, self._settled - 1)
        before = self.decode(self._ids[start : self._settled])
        now = self.decode(self._ids[start:])
        if now.endswith(UNFINISHED) or not now.startswith(before):
            return ""
        self._settled = len(self._ids)
        return self._release(now[len(before) :])

    def finish(self) -> str:
        """Return what was held back, at the end of a reply without a stop sequence."""
        if self.stopped:
            return ""
        start = max(0, self._settled - 1)
        before = self.decode(self._ids[start : self._settled])
        rest = self._release(self.decode(self._ids[start:])[len(before) :])
        if self.stopped:
            return rest
        held, self._held = self._held, ""
        return rest + held

    def _release(self, text: str) -> str:
        self._held += text
        found = [place for place in (self._held.find(one) for one in self.stop) if place >= 0]
        if found:
            self.stopped = True
            return self._held[: min(found)]
        kept = max((_overlap(self._held, one) for one in self.stop), default=0)
        ready = self._held[: len(self._held) - kept]
        self._held = self._held[len(self._held) - kept :]
        return ready


def _overlap(text: str, stop: str) -> int:
    """Return how many last characters of `text` begin `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)


@lru_cache(maxsize=1)
def byte_alphabet() -> dict[str, int]:
    """Return the bytes behind the characters in which byte-level vocabularies write tokens (Radford et al. 2019, GPT-2)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(others)}
