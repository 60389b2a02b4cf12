from __future__ import annotations

import pytest

from three_tutors.checking.personal_data import SEPARATOR, find


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("mail me at lena.k@example.org ok", "E401", "lena.k@example.org"),
        ("it's lena at gmail dot com", "E401", "lena at gmail dot com"),
        ("follow me @lena_99", "E401", "@lena_99"),
        ("call me on 07700 900123", "E402", "07700 900123"),
        ("my number is 555-0147", "E402", "555-0147"),
        ("+44 20 7946 0958", "E402", "+44 20 7946 0958"),
        ("(020) 7946 0958", "E402", "(020) 7946 0958"),
        ("or 212-555-0147.", "E402", "212-555-0147"),
        ("tel 06 12 34 56 78", "E402", "06 12 34 56 78"),
        ("see https://example.org/a?b=1", "E403", "https://example.org/a?b=1"),
        ("www.example.org has it", "E403", "www.example.org"),
        ("it's on khanacademy.org/math", "E403", "khanacademy.org/math"),
        ("I live at 42 Elm Road", "E404", "42 Elm Road"),
        ("in the Hauptstraße 12", "E404", "Hauptstraße 12"),
        ("vivo en la Calle Mayor 5", "E404", "Calle Mayor 5"),
        ("12 rue de la Paix", "E404", "12 rue de la Paix"),
        ("SSN 123-45-6789", "E405", "123-45-6789"),
        ("my passport number is X1234567", "E405", "passport number is X1234567"),
        ("it says 4111 1111 1111 1111", "E405", "4111 1111 1111 1111"),
        ("DE89 3704 0044 0532 0130 00", "E405", "DE89 3704 0044 0532 0130 00"),
        ("I was born on 3 May 2012", "E405", "I was born on 3 May 2012"),
        ("my name is Lena Kowalski", "W406", "Lena Kowalski"),
        ("our maths teacher, Mr Singh, says", "W406", "Mr Singh"),
    ],
)
def test_personal_data_is_quoted(text: str, code: str, words: str) -> None:
    """E-mail, account, phone, link, address, identity, card and account numbers, birth dates and full names."""
    assert [(found[0], found[2]) for found in find(text)] == [(code, words)]


@pytest.mark.parametrize(
    "text",
    [
        "What is 100-200-3000?",
        "900-250-1000 = ?",
        "555-123-4567 = x",
        "1 000 000 000 is a billion",
        "3.14159265358979",
        "12345678901 is prime?",
        "2 + 345 678 901",
        "the speed of light is 299792458 m/s",
        "602214076000000000000000 particles",
        "each cell has 3200000000 base pairs",
        "a phone plan costs 20 and then 1234567 cents",
        "4111111111111112 is even",
        "the wars of 1914-1918 and 1939-1945",
        "10 20 30 40 50 60 70",
        "02, 04, 06, 08, 10",
        "2024-01-15, 12-05-2024",
        "ISBN 978-3-16-148410-0",
        "123-45-6789 = what",
        "A@B.T multiplies",
        "@property",
        "x = point.y and math.floor(z)",
        "e.g. the U.S.A. vs. Europe",
        "my name is Lena",
        "10 Downing Street",
        "a street with 5 roads",
        "We met at the dot in the middle",
        "Isaac Newton, Marie Curie and Ibn Sina",
        "Newton was born on 4 January 1643.",
        "C6H12O6 + 6 O2",
        "the id 42 of the row",
    ],
)
def test_what_lessons_are_full_of_is_not_personal(text: str) -> None:
    """Sums, constants, years, code, formulas, first names and historical persons are no personal data."""
    assert list(find(text)) == []


def test_texts_are_searched_together_as_they_are_alone() -> None:
    """Joining texts loses nothing: a number at the start of one is not hidden by a digit at the end of another."""
    assert [found[2] for found in find(SEPARATOR.join(["I have 4", "+44 20 7946 0958", "= that"]))] == ["+44 20 7946 0958"]
