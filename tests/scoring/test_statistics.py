from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.scoring.statistics import DRAWS, Interval, bootstrap, holm, mean_interval, paired_difference, sign_flip_p, wilson

GROUPED = st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.floats(-1, 1), min_size=1, max_size=5), min_size=2, max_size=8)


def ends(interval: Interval) -> tuple[float, float]:
    """Return the ends of an interval that has some."""
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


@settings(deadline=None, max_examples=30)
@given(GROUPED)
def test_the_mean_lies_in_what_was_seen_and_repeats(values: dict[str, list[float]]) -> None:
    """An interval never leaves the range of the values, and the same values give the same interval."""
    seen = [value for group in values.values() for value in group]
    interval = mean_interval(values)
    low, high = ends(interval)
    assert min(seen) - 1e-9 <= low <= high <= max(seen) + 1e-9
    assert interval == mean_interval(values)


def test_turns_of_one_dialogue_count_as_one_witness() -> None:
    """Ten equal turns in each of four dialogues tell no more than one turn in each."""
    once = mean_interval({"a": [0.0], "b": [1.0], "c": [1.0], "d": [0.0]})
    often = mean_interval({"a": [0.0] * 10, "b": [1.0] * 10, "c": [1.0] * 10, "d": [0.0] * 10})
    assert once == often


def test_a_difference_everywhere_is_shown_and_none_is_not() -> None:
    """Twenty dialogues that all gain are evidence; twenty that gain and lose alike are none."""
    gain = paired_difference({str(index): [0.2 + index / 100] for index in range(20)})
    none = paired_difference({str(index): [0.2 if index % 2 else -0.2] for index in range(20)})
    assert (True, True) == (ends(gain)[0] > 0, gain.p < 0.01)
    assert (True, True) == (ends(none)[0] < 0 < ends(none)[1], none.p > 0.5)


def test_a_smaller_sample_detects_less() -> None:
    """The minimum detectable difference shrinks about with the root of the number of dialogues."""
    few = paired_difference({str(index): [float(index % 2)] for index in range(10)}).detectable
    many = paired_difference({str(index): [float(index % 2)] for index in range(90)}).detectable
    assert few is not None
    assert many is not None
    assert few == pytest.approx(3 * many, rel=0.15)


def test_sign_flips_agree_with_counting() -> None:
    """Three dialogues of equal gain reach their sum in two of the eight sign patterns."""
    assert sign_flip_p({"a": [1.0], "b": [1.0], "c": [1.0]}) == 0.25


def test_few_differing_groups_are_counted_out() -> None:
    """Groups without a difference change nothing; up to fifteen that differ are exact, more are drawn and nearly so."""
    alike = {f"same {number}": [0.0] for number in range(40)}
    assert sign_flip_p(alike) == 1
    assert sign_flip_p({**alike, **{str(number): [1.0] for number in range(15)}}) == 2 / 2**15
    drawn = sign_flip_p({str(number): [1.0 if number % 4 else -1.0] for number in range(16)})
    assert drawn == pytest.approx(0.0768, abs=0.02)


def test_holm_adjusts_as_published() -> None:
    """Of .01, .04, .03 the smallest is tripled, the next doubled, and none falls below the one before."""
    assert {"a": pytest.approx(0.03), "b": pytest.approx(0.06), "c": pytest.approx(0.06)} == holm({"a": 0.01, "b": 0.04, "c": 0.03})


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_p_smaller(p_values: dict[str, float]) -> None:
    """An adjusted p is at least the raw one and at most 1."""
    adjusted = holm(p_values)
    assert all(p_values[name] <= adjusted[name] <= 1 for name in p_values)


def test_wilson_agrees_with_the_textbook() -> None:
    """Eight of ten is .8 with an interval of .490 to .943."""
    interval = wilson(8, 10)
    assert (0.8, pytest.approx(0.490, abs=0.001), pytest.approx(0.943, abs=0.001)) == (interval.value, interval.low, interval.high)


def test_no_failure_in_n_is_bounded_by_three_over_n() -> None:
    """Zero leaks in sixty turns allow up to one in twenty."""
    assert (0.0, 0.0, 0.05) == (wilson(0, 60).value, wilson(0, 60).low, wilson(0, 60).high)


def test_no_trial_has_no_rate() -> None:
    """A rate of nothing is refused."""
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(0, 0)


def test_any_statistic_can_be_resampled_by_group() -> None:
    """A statistic that never has a value has no interval."""
    assert (None, None) == bootstrap([[0], [1]], lambda _: None, draws=5)
    assert (None, None) == bootstrap([[0], [1]], lambda _: math.nan, draws=5)
    assert (2.0, 4.0) == bootstrap([[0, 1], [2]], lambda rows: float(len(rows)), draws=50)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9))
def test_one_group_has_no_interval(values: list[float]) -> None:
    """However many turns one dialogue has, it cannot say how dialogues vary: the value stands alone, never as [x, x]."""
    mean, difference = mean_interval({"a": values, "b": []}), paired_difference({"a": values})
    assert (None, None) == (mean.low, mean.high)
    assert (None, None, None) == (difference.low, difference.high, difference.detectable)
    assert mean.value == pytest.approx(math.fsum(values) / len(values))
    assert (None, None) == bootstrap([range(len(values))], lambda rows: float(len(rows)))


@settings(deadline=None, max_examples=30)
@given(GROUPED)
def test_both_ways_to_resample_draw_the_same(values: dict[str, list[float]]) -> None:
    """The interval of a mean is the one that the general bootstrap gives for the mean of the drawn rows."""
    flat = [value for group in values.values() for value in group]
    starts = list(itertools.accumulate((len(group) for group in values.values()), initial=0))
    rows = [range(start, end) for start, end in itertools.pairwise(starts)]
    found = bootstrap(rows, lambda chosen: math.fsum(flat[row] for row in chosen) / len(chosen), draws=DRAWS)
    assert found == pytest.approx(ends(mean_interval(values)), abs=1e-9)
