from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.prompting.examples import spread


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 40), st.integers(0, 9))
def test_validation_turns_are_spread_over_all_dialogues(sizes: list[int], count: int, seed: int) -> None:
    """As many turns as asked for, in their order, and no dialogue has two more than another that has some left."""
    rows = [{"id": f"{name}#{turn}", "dialogue": str(name)} for name, size in enumerate(sizes) for turn in range(size)]
    chosen = spread(rows, count, seed)
    assert len(chosen) == min(count, len(rows))
    assert chosen == [row for row in rows if row in chosen]
    taken = Counter(row["dialogue"] for row in chosen)
    most = max(taken.values())
    assert all(taken[str(name)] >= min(size, most - 1) for name, size in enumerate(sizes))
