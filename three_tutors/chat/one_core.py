"""Keep the threads that serve the page on one core.

Only one of them runs Python at a time. On several cores whoever lets go of the interpreter's lock, to write to a socket
or to the store, wakes another one on another core, and both are slower for it: a hundred replies that begin at once
took four times as many switches and half as long again. What a model computes with has threads of its own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this thread, and those that are started from it, on one core while the block lasts; not every system can."""
    if sys.platform != "linux":
        yield
        return
    allowed = os.sched_getaffinity(0)
    # Several pages on one machine take different ones.
    os.sched_setaffinity(0, {sorted(allowed)[os.getpid() % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
