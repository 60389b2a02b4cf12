from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.replied import Replied
from three_tutors.trust.fitted_sense import SENSE, examples, fit, read, rules, write
from three_tutors.trust.graded import Graded
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("mathematics", 5, "fractions", "adds them")


def graded(moments: int) -> list[Graded]:
    """Return an ideal and a senseless reply to each of some moments."""
    return [
        Graded(f"m{number}", f"m{number}", "", Replied(LESSON, (Turn("student", f"{number}"),), f"Why is it {number} here?"), kind)
        for number in range(moments)
        for kind in ("ideal", "template")
    ]


def states(rows: list[Graded]) -> np.ndarray:
    """Return states, (rows, 2), whose first value tells sense."""
    return np.array([[float(row.kind == "ideal"), number % 7 / 7] for number, row in enumerate(rows)])


def test_what_the_states_hold_is_found_with_groups_held_out(tmp_path: Path) -> None:
    """One value of the state tells sense; the weights, read again from the file, rate by it on the scale of the ratings."""
    rows = graded(10)
    write(fit("digest", 15, rows, states(rows)), tmp_path / "fitted.json")
    fitted = read(tmp_path / "fitted.json")
    assert fitted is not None
    assert (1.0, "digest", 15) == (fitted.auc["template"], fitted.model, fitted.layers)
    good, bad = fitted.ratings(np.array([[1.0, 0.5], [0.0, 0.5]]), [rules(rows[0].replied)] * 2)
    assert good > 4
    assert bad < 2.5


def test_rated_replies_are_learned_from_as_they_were_rated() -> None:
    """A rating outweighs the kind's usual level, is counted, and the correlation with ratings is told; it falls short of no aim here."""
    rows = [replace(row, kind="", labels={SENSE: 5.0 if row.kind == "ideal" else 1.0}) for row in graded(10)]
    fitted = fit("digest", 15, rows, np.array([[row.labels[SENSE], 0.0] for row in rows]))
    assert fitted.rated == len(rows)
    assert fitted.rho is not None
    assert fitted.rho > 0.8
    assert SENSE not in fitted.short


def test_states_that_tell_nothing_are_reported_so() -> None:
    """Where the states are the same for good and bad replies, the reading falls short of its aims."""
    rows = graded(10)
    fitted = fit("digest", 15, rows, np.random.default_rng(1).normal(size=(len(rows), 3)))
    assert fitted.auc["template"] < 0.8
    assert "template" in fitted.short


def test_ideal_replies_are_spoilt_to_learn_from() -> None:
    """Their words in another order, and the ideal reply of another moment."""
    kinds = [row.kind for row in examples(graded(6))]
    assert (6, 6) == (kinds.count("shuffled"), kinds.count("other_moment"))


def test_a_handful_of_moments_is_too_few() -> None:
    """They cannot be held out in turn."""
    with pytest.raises(DataError, match="5 moments or more"):
        fit("digest", 15, graded(3), np.zeros((6, 1)))
