from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from three_tutors.scoring.metrics import auc, f1, kappa, macro_f1, spearman

LEVELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=5, max_size=40)


@given(LEVELS)
def test_f1_and_kappa_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    """On any labels the figures equal those of the library people know."""
    expected, actual = [one for one, _ in pairs], [other for _, other in pairs]
    assert macro_f1(expected, actual) == pytest.approx(f1_score(expected, actual, average="macro"))
    ours = kappa(expected, actual)
    if not math.isnan(ours):
        assert ours == pytest.approx(cohen_kappa_score(expected, actual))


def test_rho_gives_ties_their_middle_rank() -> None:
    """Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4; what does not vary has no rho."""
    assert spearman([1, 5, 5, 9], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert all(math.isnan(rho) for rho in (spearman([1, 1], [1, 2]), spearman([1, 2], [3, 3]), spearman([], [])))


def test_a_label_nobody_says_has_no_f1() -> None:
    """It is neither right nor wrong."""
    assert math.isnan(f1([1, 1], [1, 1], 0))


@given(LEVELS)
def test_rho_and_auc_are_those_of_the_libraries(pairs: list[tuple[int, int]]) -> None:
    """On any levels, ties and all."""
    one, other = [level for level, _ in pairs], [level for _, level in pairs]
    if len(set(one)) > 1 and len(set(other)) > 1:
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)
    better, worse = ([level for level, side in pairs if (side == 2) == is_better] for is_better in (True, False))
    if better and worse:
        assert auc(better, worse) == pytest.approx(roc_auc_score([1] * len(better) + [0] * len(worse), better + worse))


def test_without_one_side_there_is_no_auc() -> None:
    """Nothing is above nothing."""
    assert math.isnan(auc([], [1]))
    assert math.isnan(auc([1], []))
