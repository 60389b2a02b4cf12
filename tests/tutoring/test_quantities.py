from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("text", ["9" * 5000, "1/" + "9" * 5000, "0." + "9" * 5000, "9" * 5000 + "½", "-" + "1" * 4400 + "%"])
def test_digits_without_end_are_no_number(text: str) -> None:
    """A reply that repeats one digit is read like any other; what stands beside it is found."""
    assert [one.value for one in quantities(f"{text} and 2/3")] == [Fraction(2, 3)]


@given(
    st.text(st.characters())
    | st.lists(st.sampled_from(["9" * 400, "1", "/", ".", ",", "½", " ", "%", "-", "million", "two", "²", "٣"])).map("".join)
)
def test_any_text_has_numbers_or_none(text: str) -> None:
    """Whatever a student or a model writes, its numbers can be compared."""
    found = quantities(text)
    assert all(one.equals(one) for one in found)
