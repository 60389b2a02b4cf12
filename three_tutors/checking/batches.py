"""What one task reads of a data set: some YAML files, or a block of one JSON Lines file."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from three_tutors.checking.files import DataFile, Holds, contents
from three_tutors.checking.yaml_source import SourceError
from three_tutors.scale import blocks
from three_tutors.scale.blocks import Block

MOST_FILES, ONE_OF = 200, 64
"""YAML files of a batch: at most, and in the mean. A batch ends with a name that says so, as a block of lines does."""
USUAL_FILE = 4_000
"""Bytes of a usual YAML file."""


@dataclass(frozen=True)
class Batch:
    """What is read at a time; all of it holds the same."""

    files: tuple[DataFile, ...]
    block: Block | None = None
    """Of the only file, where it has one dialogue a line."""

    @property
    def holds(self) -> Holds:
        """What the files hold, told by their folder."""
        return self.files[0].holds

    @property
    def size(self) -> int:
        """Bytes to read, about."""
        return self.block.size if self.block else USUAL_FILE * len(self.files)

    def digest(self) -> str:
        """Return the SHA-256 of names and bytes; where a file cannot be read, of why."""
        found = hashlib.sha256()
        for file in self.files:
            try:
                data = blocks.digest(self.block).encode() if self.block else contents(file.path)
            except (SourceError, OSError) as error:
                data = repr(error).encode()
            found.update(f"{file.shown}\0{file.holds}\0{file.path.parent.name}\0{len(data)}\0".encode("utf-8", "surrogatepass") + data)
        return found.hexdigest()


def batches(files: Sequence[DataFile], cut: Callable[[Path], Iterable[Block]] = blocks.cut) -> Iterator[Batch]:
    """Yield `files`, which are sorted, in batches: YAML first, then JSON Lines block by block, as `cut` makes them of a file."""
    some: list[DataFile] = []
    for file in files:
        if file.is_jsonl:
            continue
        if some and some[-1].holds != file.holds:
            yield Batch(tuple(some))
            some = []
        some.append(file)
        if len(some) == MOST_FILES or zlib.crc32(file.shown.encode("utf-8", "surrogatepass")) % ONE_OF == 0:
            yield Batch(tuple(some))
            some = []
    if some:
        yield Batch(tuple(some))
    for file in files:
        if file.is_jsonl:
            yield from (Batch((file,), block) for block in _blocks(file, cut))


def _blocks(file: DataFile, cut: Callable[[Path], Iterable[Block]]) -> Iterator[Block]:
    try:
        yield from cut(file.path)
    except OSError:
        yield Block(file.path, 0, 0)  # whoever reads it says why it cannot be read
