"""Memory that is handed out piece by piece and taken back at once.

What a training step computes is the same from step to step. Asked of the system each time, its memory is cleared and mapped
page by page, which takes longer than the products that fill it.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

CHUNK = 2**26
"""Bytes asked of the system at once; a larger piece is a chunk of its own."""
LINE = 64
"""Bytes that a piece's place is a multiple of: a line of the cache."""


class Arena:
    """Pieces are valid until what was taken before them is released; one thread uses it."""

    def __init__(self) -> None:
        """Take nothing yet."""
        self._chunks: list[Tensor] = []
        self._chunk, self._used = 0, 0

    def take(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return a tensor of `shape` with anything in it."""
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
        """How much is taken, for `release`."""
        return self._chunk, self._used

    def release(self, mark: tuple[int, int] = (0, 0)) -> None:
        """Take back what was taken since `mark`."""
        self._chunk, self._used = mark
