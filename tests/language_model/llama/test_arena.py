from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.language_model.llama.arena import CHUNK, LINE, Arena

SHAPES = st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=20)


@given(SHAPES, st.sampled_from([torch.float32, torch.bfloat16]))
def test_pieces_do_not_overlap(shapes: list[tuple[int, int]], dtype: torch.dtype) -> None:
    """What is written into one piece stays out of all others, and every piece begins a line of the cache."""
    arena = Arena()
    pieces = [arena.take(*shape, dtype=dtype) for shape in shapes]
    for number, piece in enumerate(pieces):
        piece.fill_(number)
    assert [(piece.shape, piece.min().item(), piece.max().item()) for piece in pieces] == [
        (torch.Size(shape), number, number) for number, shape in enumerate(shapes)
    ]
    start = arena._chunks[0].data_ptr()
    assert all((piece.data_ptr() - start) % LINE == 0 for piece in pieces)


def test_released_memory_is_used_again() -> None:
    """After a release the same memory is handed out, whatever its size, and no more is asked of the system."""
    arena = Arena()
    first = [arena.take(CHUNK // 8) for _ in range(5)]
    large = arena.take(CHUNK)  # bytes of fp32: four chunks
    places = [piece.data_ptr() for piece in (*first, large)]
    arena.release()
    again = [arena.take(CHUNK // 8) for _ in range(5)]
    assert places == [piece.data_ptr() for piece in (*again, arena.take(CHUNK))]
