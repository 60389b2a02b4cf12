from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

from three_tutors.scoring.metrics import f1, kappa, macro_f1, spearman

LEVELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=5, max_size=40)


@given(LEVELS)
def test_f1_and_kappa_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    """On any labels the figures equal those of the library people know."""
    expected, actual = [one for one, _ in pairs], [other for _, other in pairs]
    assert macro_f1(expected, actual) == pytest.approx(f1_score(expected, actual, average="macro"))
    ours = kappa(expected, actual)
    if not math.isnan(ours):
        assert ours == pytest.approx(cohen_kappa_score(expected, actual))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_rho_is_scipys(pairs: list[tuple[int, int]]) -> None:
    """Ties get their middle rank, as in scipy; what does not vary has no rho."""
    one, other = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    ours = spearman(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert math.isnan(ours)
    else:
        assert ours == pytest.approx(spearmanr(one, other)[0])


def test_a_label_nobody_says_has_no_f1() -> None:
    """It is neither right nor wrong."""
    assert math.isnan(f1([1, 1], [1, 1], 0))
