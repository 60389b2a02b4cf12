"""Several addresses where one model answers: each request goes to the one with the least to do, a dead one is left alone for a while."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import Field

from three_tutors.pipeline.diagnostics import EndpointError, ParamsError

BaseUrl = str | Annotated[list[str], Field(min_length=1)]
"""What params.yaml says where a model answers: an address up to and including `/v1`, or a list of them."""

T = TypeVar("T")

FIRST_PAUSE = 1.0
"""Seconds until an address that failed once is asked again: most connections that break work again at once."""
PAUSE = 30.0
"""Seconds between later tries of one that stays dead."""
DEAD_AFTER = 2
"""Failures in a row by which an address counts as dead."""

TRIES = 2
"""How often one request goes to each address, at most: a prompt that breaks every server ends the run."""


class NoAnswerError(EndpointError):
    """An address cannot be reached, is busy, broke off or answered nonsense; another one may answer the same request."""


def listed(base_url: str | Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of a `BaseUrl`."""
    return (base_url,) if isinstance(base_url, str) else tuple(base_url)


def check(urls: Sequence[str]) -> None:
    """Check addresses, which a person wrote.

    Raises:
        ParamsError: one is none, or is named twice.

    """
    for url in urls:
        try:
            _ = urlsplit(url).port
        except ValueError as error:
            message = f"{url!r} is no address ({error}). Write it like `http://127.0.0.1:8000/v1`, up to and including /v1."
            raise ParamsError(message) from None
        if urls.count(url) > 1:
            raise ParamsError(f"{url} is named twice; name each address once.")


@dataclass
class _Address:
    """One address and how it does."""

    url: str
    under_way: int = 0
    failures: int = 0
    """Rounds of failures since it last answered: requests that fail together count once."""
    back_at: float = 0.0
    """Clock when it is asked again."""
    why: str = ""


class Addresses:
    """Who is asked next; many threads may ask."""

    def __init__(
        self,
        urls: Sequence[str],
        at_once: int,
        say: Callable[[str], object] = lambda sentence: print(sentence, file=sys.stderr, flush=True),
        pauses: tuple[float, float] = (FIRST_PAUSE, PAUSE),
    ) -> None:
        """Begin with all of them alive.

        Args:
            urls: The addresses.
            at_once: Requests that one of them answers at a time.
            say: Is told when one is taken out and when it is back.
            pauses: Seconds until it is tried again, after the first failure and after later ones.

        """
        self._all = [_Address(url) for url in urls]
        self._at_once, self._say, self._pauses = at_once, say, pauses
        self._changed = threading.Condition()

    def asked(self, ask: Callable[[str], T]) -> T:
        """Return what `ask` gets from the first address that answers.

        Raises:
            NoAnswerError: none answered this request.
            EndpointError: all addresses are dead, or one refused the request.

        """
        tries = TRIES * len(self._all)
        while True:
            tries -= 1
            try:
                with self.taken() as url:
                    return ask(url)
            except NoAnswerError:
                if not tries:
                    self._check_alive()
                    raise

    def streamed(self, ask: Callable[[str], Generator[str, None, T]]) -> Generator[str, None, T]:
        """Yield the pieces of the first address that answers, and return what it returns; errors as of `asked`.

        After the first piece no other address is asked: what was shown cannot be taken back.
        """
        tries = TRIES * len(self._all)
        while True:
            tries, shown = tries - 1, False
            try:
                with self.taken() as url, contextlib.closing(ask(url)) as pieces:
                    while True:
                        try:
                            piece = next(pieces)
                        except StopIteration as end:
                            whole: T = end.value
                            return whole
                        shown = True
                        yield piece
            except NoAnswerError:
                if shown:
                    raise
                if not tries:
                    self._check_alive()
                    raise

    @contextlib.contextmanager
    def taken(self) -> Iterator[str]:
        """Yield the address for one request, and wait for a free one first; a `NoAnswerError` in the block takes it out.

        Raises:
            EndpointError: all of them are dead.

        """
        address, round_ = self._take()
        try:
            yield address.url
        except NoAnswerError as error:
            self._give_back(address)
            self._failed(address, round_, str(error))
            raise
        except BaseException:
            self._give_back(address)
            raise
        self._give_back(address)
        self._answered(address)

    def _take(self) -> tuple[_Address, int]:
        with self._changed:
            while True:
                self._check_alive()
                now = time.monotonic()
                # One that failed gets a single request, which finds out whether it is back.
                free = [one for one in self._all if one.back_at <= now and one.under_way < (1 if one.failures else self._at_once)]
                if free:
                    address = min(free, key=lambda one: one.under_way)
                    address.under_way += 1
                    return address, address.failures
                pauses = [one.back_at - now for one in self._all if one.back_at > now]
                self._changed.wait(min(pauses, default=None))

    def _give_back(self, address: _Address) -> None:
        with self._changed:
            address.under_way -= 1
            self._changed.notify_all()

    def _answered(self, address: _Address) -> None:
        with self._changed:
            was_out, address.failures, address.back_at = address.failures > 0, 0, 0.0
            self._changed.notify_all()
        if was_out:
            self._say(f"{address.url} answers again.")

    def _failed(self, address: _Address, round_: int, why: str) -> None:
        with self._changed:
            if round_ != address.failures:  # another request of the same round told it
                return
            address.failures += 1
            address.why = why
            address.back_at = time.monotonic() + self._pauses[address.failures > 1]
            self._changed.notify_all()
        if round_ == 0:
            self._say(f"{why} The other addresses are asked instead; this one is tried again from time to time.")

    def _check_alive(self) -> None:
        if all(one.failures >= DEAD_AFTER for one in self._all):
            reasons = " ".join(dict.fromkeys(one.why for one in self._all))
            count = len(self._all)
            raise EndpointError(f"None of the {count} addresses answers. {reasons} Replies that came are kept; start one and run again.")
