from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.language_model.steps import portions
from three_tutors.language_model.supervision import Example


@given(st.lists(st.integers(1, 700), max_size=20), st.integers(100, 2000), st.integers(1, 3))
def test_a_step_is_split_evenly(lengths: list[int], tokens: int, at_least: int) -> None:
    """Every conversation is in one part, parts differ by at most one conversation, and all that work on them have one."""
    parts = portions([Example(id=str(place), ids=(0,) * length, learned=()) for place, length in enumerate(lengths)], tokens, at_least)
    assert sorted(int(example.id) for part in parts for example in part) == list(range(len(lengths)))
    sums = [sum(len(example.ids) for example in part) for part in parts]
    assert max(sums, default=0) - min(sums, default=0) <= max(lengths, default=0)
    assert all(parts)
    assert len(parts) % at_least == 0 or len(parts) == len(lengths)
    assert sum(lengths) <= tokens * len(parts) or len(parts) == len(lengths)
