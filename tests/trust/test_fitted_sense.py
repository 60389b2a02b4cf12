from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.replied import Replied
from three_tutors.trust.fitted_sense import examples, fit, read, write
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


def test_what_the_states_hold_is_found_with_moments_held_out(tmp_path: Path) -> None:
    """One value of the state tells sense; the weights, read again from the file, tell it too."""
    rows = graded(10)
    states = [[float(row.kind == "ideal"), number % 7 / 7] for number, row in enumerate(rows)]
    write(fit("digest", rows, states), tmp_path / "fitted.json")
    fitted = read(tmp_path / "fitted.json")
    assert fitted is not None
    assert (1.0, "digest", True) == (fitted.auc["template"], fitted.model, fitted.odds([1.0, 0.5]) > 0 > fitted.odds([0.0, 0.5]))


def test_ideal_replies_are_spoilt_to_learn_from() -> None:
    """Their words in another order, and the ideal reply of another moment."""
    kinds = [row.kind for row in examples(graded(6))]
    assert (6, 6) == (kinds.count("shuffled"), kinds.count("other_moment"))


def test_a_handful_of_moments_is_too_few() -> None:
    """They cannot be held out in turn."""
    with pytest.raises(DataError, match="5 moments or more"):
        fit("digest", graded(3), [[0.0]] * 6)
