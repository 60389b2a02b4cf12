"""Keep the threads that serve the page on one core.

Only one of these threads can run Python at a time. Spread over cores, they keep waking each other when the GIL is
released; 100 simultaneous replies then took 4× the context switches and 1.5× the time. A model computes in threads of its own.
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
