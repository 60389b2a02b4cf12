from __future__ import annotations

import os
import sys
import threading

import pytest

from three_tutors.chat.one_core import on_one_core


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds threads to cores")
def test_threads_that_serve_share_a_core_and_no_others_do() -> None:
    """Inside the block this thread and those it starts have one core; one started before, and everything after, has all."""
    begun, asked = threading.Event(), threading.Event()
    seen: list[set[int]] = []

    def look() -> None:
        seen.append(os.sched_getaffinity(0))

    def wait_and_look() -> None:
        begun.set()
        asked.wait(10)
        look()

    every = os.sched_getaffinity(0)
    before = threading.Thread(target=wait_and_look)
    before.start()
    assert begun.wait(10)
    with on_one_core():
        look()
        started = threading.Thread(target=look)
        started.start()
        started.join()
        asked.set()
        before.join()
    look()
    here, inside, other, after = seen
    assert (1, here, every, every) == (len(here), inside, other, after)
