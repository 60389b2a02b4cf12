"""What single replies got is kept beside a table, of equal runs the last, and compared only where both replied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.studies.replies import Replies, add_replies, difference, path_of, read_replies


def run(**values: float) -> Replies:
    """Return one run whose replies got these values."""
    return Replies("lora", "lora.seed=1", "sense", "", "SmolLM2", "d", "c", "p", values)


def test_a_run_that_is_repeated_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """Lines are added; the last of equal runs counts, another setting stands beside it."""
    table = tmp_path / "rates.csv"
    assert read_replies(table) == []
    other = replace(run(a=0.5), settings="lora.seed=2")
    add_replies(table, [run(a=0.1), other])
    add_replies(table, [run(a=0.9)])
    assert read_replies(table) == [run(a=0.9), other]
    assert len(path_of(table).read_text(encoding="utf-8").splitlines()) == 3
    path_of(table).write_text('{"tutor": "lora"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"rates\.jsonl:1: no replies of a run"):
        read_replies(table)


def test_only_common_replies_are_compared() -> None:
    """A reply that one run lacks is left out of both; without a common one there is no difference."""
    found = difference([run(a=0.6, b=0.8, c=0.1)], [run(a=0.4, b=0.4), run(a=0.2, b=0.4)])
    assert found is not None
    assert found.value == pytest.approx((0.3 + 0.4) / 2)
    assert difference([run(a=1.0)], [run(b=1.0)]) is None
