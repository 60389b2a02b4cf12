"""One sorted file out of many sorted ones, in little memory."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path

from three_tutors.pipeline.records import write_chunks

MOST, SPARE = 1000, 100
"""Files that are open at the same time, at most, and those that whoever calls has open besides."""

Keyed = tuple[bytes, bytes]
"""What a line is sorted by, and the line."""


def merged(runs: Sequence[Iterable[Keyed]], at_once: int | None = None) -> Iterator[bytes]:
    """Yield the lines of all `runs`, each of which is sorted by its keys, in the order of their keys.

    With more runs than `at_once` (by default, than files may be open), some are merged into files first, which are deleted in the end.
    """
    at_once = at_once or _may_be_open()
    with ExitStack() as stack:
        while len(runs) > at_once:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="merge-")))
            groups = [runs[start : start + at_once] for start in range(0, len(runs), at_once)]
            for number, group in enumerate(groups):
                write_chunks(folder / str(number), (key + b"\t" + line for key, line in heapq.merge(*group, key=itemgetter(0))))
            runs = [_keyed(folder / str(number)) for number in range(len(groups))]
        for _, line in heapq.merge(*runs, key=itemgetter(0)):
            yield line


def _may_be_open() -> int:
    """Return how many files may be opened now; Linux mostly allows 1,024 in all, macOS 256."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return 4 * SPARE
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if most == resource.RLIM_INFINITY else min(MOST, max(SPARE, most - SPARE))


def _keyed(path: Path) -> Iterator[Keyed]:
    with path.open("rb") as file:
        for row in file:
            key, _, line = row.partition(b"\t")
            yield key, line
