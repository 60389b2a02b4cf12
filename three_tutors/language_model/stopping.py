"""Ctrl-C while a model is trained: the step under way is finished and the state written, so that the next run goes on from there."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what launchers and `kill` send."""


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether this process was asked to stop.

    A block that gives up because of it raises KeyboardInterrupt; the signal then does what it did before. So does a second one.
    """
    if threading.current_thread() is not threading.main_thread():  # Ray Train's; signals are the main thread's
        yield lambda: False
        return
    asked: list[int] = []

    def hear(number: int, _: object) -> None:
        if asked:
            give_back()
            signal.raise_signal(number)
        asked.append(number)
        print("Stopping after this step. Press Ctrl-C again to stop at once and lose what came after the last epoch.", file=sys.stderr)

    before = {number: signal.signal(number, hear) for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        yield lambda: bool(asked)
    except KeyboardInterrupt:
        give_back()
        if asked:
            signal.raise_signal(asked[0])
        raise
    finally:
        give_back()
