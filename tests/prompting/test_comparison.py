from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.prompting.comparison import Comparison, compare

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=12)


def width(found: Comparison) -> float:
    """Return how wide an interval is."""
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_turns_are_counted_and_their_mean_has_an_interval() -> None:
    """Two better, one the same, one worse; four dialogues that differ leave it open whether anything was gained."""
    found = compare([0.2, 0.2, 0.5, 0.9], [0.6, 0.4, 0.51, 0.1], ["a", "b", "c", "d"])
    assert (found.better, found.same, found.worse) == (2, 1, 1)
    assert round(found.difference, 4) == -0.0475
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_the_dialogue_is_the_unit() -> None:
    """The same turns are less certain where they are all out of two dialogues."""
    before, after = [0.0] * 8, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    apart = compare(before, after, [str(number) for number in range(8)])
    together = compare(before, after, ["a"] * 4 + ["b"] * 4)
    assert width(together) > width(apart)


@given(SCORES)
def test_nothing_changed_is_said_as_nothing(scores: list[tuple[float, float, int]]) -> None:
    """Compared with itself, every turn is the same and no draw of dialogues differs; turned round, better becomes worse."""
    before, after = [one[0] for one in scores], [one[1] for one in scores]
    dialogues = [str(one[2]) for one in scores]
    itself = compare(before, before, dialogues)
    ends = (0, 0) if len(set(dialogues)) > 1 else (None, None)
    assert (itself.same, itself.difference, (itself.low, itself.high)) == (len(scores), 0, ends)
    there, back = compare(before, after, dialogues), compare(after, before, dialogues)
    assert (there.better, there.same, there.worse) == (back.worse, back.same, back.better)


def test_one_dialogue_gives_no_interval() -> None:
    """Turns of a single dialogue cannot say how dialogues vary."""
    found = compare([0.1, 0.2], [0.5, 0.3], ["a", "a"])
    assert (round(found.difference, 4), found.low, found.high) == (0.25, None, None)
