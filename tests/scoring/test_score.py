from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.score import Score, scores_in


@given(st.floats(-9, 9) | st.none(), st.text())
def test_a_score_is_read_as_it_was_written(value: float | None, reason: str) -> None:
    """A value comes back with four decimals, no value as unscored; what a row holds beside its scores is passed over."""
    written = {"item": "a#0", "leak": Score(value, reason).to_record()}
    assert scores_in(written, "file:1", "again") == {"leak": Score(None if value is None else round(value, 4), reason)}


@pytest.mark.parametrize(
    "record",
    [{}, {"value": 1}, {"value": "1", "reason": "a"}, {"value": True, "reason": "a"}, {"value": 1, "unscored": "a"}, {"unscored": 1}],
)
def test_what_is_no_score_ends_in_a_sentence(record: dict[str, object]) -> None:
    """A value of another type, a missing reason, or both a value and none: the place and the advice are told."""
    with pytest.raises(DataError, match=r"scores\.jsonl:3: leak is neither a value with a reason nor unscored with one; run it again\."):
        scores_in({"leak": record}, "scores.jsonl:3", "run it again")
