from __future__ import annotations

import pytest

from three_tutors.tutoring.quantities import quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twenty-one and $1,234.50", [21, 1234.5]),
        ("five sixths, half, 1 1/2, 2½", [5 / 6, 0.5, 1.5, 2.5]),
        ("100 000 km in 12cm and -4", [100000, 12, -4]),
        ("the 18th century at 12:30, step 1.2.3, the third time", []),
        ("one hundred and five minus 3", [105, -3]),
    ],
)
def test_numbers_are_read_in_their_usual_clothes(text: str, expected: list[float]) -> None:
    """Digits, words, fractions and signs; ordinals, times and section numbers are no quantities."""
    assert [pytest.approx(value) for value in expected] == [float(one.value) for one in quantities(text)]
