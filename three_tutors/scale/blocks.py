"""Cut a file of lines into blocks by what its lines say, so that a line added anywhere leaves all blocks but one as they were.

Blocks are planned by bytes and never by the number of processes: their shards (`three_tutors/scale/shards.py`) are the same
whoever makes them. Content-defined chunking is A. Muthitacharoen, B. Chen and D. Mazières, "A low-bandwidth network file
system", 2001, here with lines in place of bytes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.records import AGAIN, Record
from three_tutors.pipeline.text import UnreadableError, decode

LEAST, MOST = 6 * 2**20, 16 * 2**20
"""Bytes of a block, unless the file is shorter or one line is longer. One of 8 MiB is some 4,000 dialogues and 100 MB of objects."""
ONE_OF = 1024
"""A block ends with the first line, after `LEAST` bytes, whose checksum is a multiple of this: after 2 MiB of dialogues in the mean."""
LOOKED_AT = 256 * 1024
"""Bytes of a line that its checksum is taken of."""


@dataclass(frozen=True)
class Block:
    """Whole lines of a file: bytes from `start` to `end`."""

    path: Path
    start: int
    end: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.end - self.start


def cut(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file of lines; an empty file has none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = 0
        while start < size:
            end = _end(file, start, size)
            yield Block(path, start, end)
            start = end


def digest(block: Block) -> str:
    """Return the SHA-256 of the bytes of `block`."""
    found = hashlib.sha256()
    for data in chunks(block):
        found.update(data)
    return found.hexdigest()


def read(block: Block) -> list[Record]:
    """Return every line of `block`, which a stage wrote, as an object.

    Raises:
        DataError: a line is none; says which of the file.

    """
    with block.path.open("rb") as file:
        file.seek(block.start)
        lines = file.read(block.size).split(b"\n")
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = parse(decode(line))
        except UnreadableError as error:
            raise DataError(f"{block.path}:{first_line(block) + number}:{error.column}: {error}; {AGAIN}.") from None
        if not isinstance(value, dict):
            raise DataError(f"{block.path}:{first_line(block) + number}: not a JSON object; {AGAIN}.")
        found.append(value)
    return found


def first_line(block: Block) -> int:
    """Return how many lines stand before `block`. Reads them: only for whoever has something to tell."""
    return sum(data.count(b"\n") for data in chunks(Block(block.path, 0, block.start)))


def chunks(block: Block) -> Iterator[bytes]:
    """Yield the bytes of `block`, 1 MiB at a time."""
    with block.path.open("rb") as file:
        file.seek(block.start)
        left = block.size
        while left and (data := file.read(min(left, 2**20))):
            left -= len(data)
            yield data


def _end(file: BinaryIO, start: int, size: int) -> int:
    """Return where the block that begins at `start` ends: at a line that says so, or else at the first line end after `MOST`."""
    if start + LEAST >= size:
        return size
    file.seek(start + LEAST)
    at = start + LEAST + _line(file)[0]
    while at < min(size, start + MOST):
        length, ends = _line(file)
        at += length
        if ends:
            break
    return min(at, size)


def _line(file: BinaryIO) -> tuple[int, bool]:
    """Return the length of the next line, and whether a block may end with it."""
    line = last = file.readline(LOOKED_AT)
    length = len(line)
    while last and not last.endswith(b"\n"):
        last = file.readline(LOOKED_AT)
        length += len(last)
    return length, zlib.crc32(line) % ONE_OF == 0
