"""A memory arena: tensors are taken from it one after another and released together.

Every training step needs the same memory again. Fresh memory from the system is cleared and mapped page by page, which takes
longer than the matrix products that fill it.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

CHUNK = 2**26
"""Bytes asked of the system at once; a larger piece is a chunk of its own."""
LINE = 64
"""Pieces begin at multiples of so many bytes: a cache line."""


class Arena:
    """A piece is valid until it is released; for one thread alone."""

    def __init__(self) -> None:
        """Take nothing yet."""
        self._chunks: list[Tensor] = []
        self._chunk, self._used = 0, 0

    def take(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return an uninitialised tensor of `shape`."""
        size = prod(shape) * dtype.itemsize
        while self._chunk < len(self._chunks) and self._used + size > len(self._chunks[self._chunk]):
            self._chunk, self._used = self._chunk + 1, 0
        if self._chunk == len(self._chunks):
            self._chunks.append(torch.empty(max(CHUNK, size), dtype=torch.uint8))
        piece = self._chunks[self._chunk][self._used : self._used + size]
        self._used += -(-size // LINE) * LINE
        return piece.view(dtype).view(shape)

    @property
    def mark(self) -> tuple[int, int]:
        """How much is taken now, for `release`."""
        return self._chunk, self._used

    def release(self, mark: tuple[int, int] = (0, 0)) -> None:
        """Release everything that was taken since `mark`."""
        self._chunk, self._used = mark
