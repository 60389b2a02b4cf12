"""Ctrl-C while a model is trained: the step under way is finished and the state written, so that the next run goes on from there."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what launchers and `kill` send."""


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether this process was asked to stop. Asked a second time, it stops at once."""
    asked = False

    def hear(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("Stopping after this step. Press Ctrl-C again to stop at once and lose what came after the last epoch.", file=sys.stderr)

    before = {number: signal.signal(number, hear) for number in SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
