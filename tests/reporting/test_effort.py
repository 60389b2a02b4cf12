"""What each tutor took is read from timings, answers and bills, and nothing is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import small_run
from three_tutors.reporting.effort import duration, efforts
from three_tutors.reporting.evidence import gather


def test_effort_is_measured_or_none(tmp_path: Path) -> None:
    """Seconds a reply come from the timing of the answers; what has no file stays None."""
    found = efforts(gather(small_run.write_run(tmp_path)))
    assert found["lora"].reply_seconds == pytest.approx(12.5 / 28)
    assert (found["lora"].prompt_tokens, found["lora"].reply_tokens) == (100, 20)
    assert (found["dspy"].reply_seconds, found["dspy"].making_cost) == (None, None)


@pytest.mark.parametrize(("seconds", "expected"), [(None, "–"), (3.21, "3.2 s"), (42, "42 s"), (150, "2 min"), (9000, "2.5 h")])
def test_durations_read_as_people_say_them(seconds: float | None, expected: str) -> None:
    """Tenths of seconds, seconds, minutes, hours."""
    assert duration(seconds) == expected
