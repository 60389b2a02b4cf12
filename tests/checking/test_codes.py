from __future__ import annotations

import re
from pathlib import Path

from three_tutors.checking.codes import CODES, TABLE
from three_tutors.checking.problem_formats import table

ROOT = Path(__file__).parents[2]
GATE = ROOT / "three_tutors" / "checking"


def test_the_table_has_exactly_the_codes_that_are_reported() -> None:
    """A code in the source stands in the table and the other way round: none is undocumented, none is dead."""
    source = "".join(path.read_text(encoding="utf-8") for path in GATE.rglob("*.py") if path.name != "codes.py")
    reported = set(re.findall(r'"([EW]\d{3})"', source))
    assert reported == set(CODES)


def test_codes_are_unique_and_in_order() -> None:
    """Numbers rise through the table and none comes twice, so a code can be found in it."""
    numbers = [int(code.code[1:]) for code in TABLE]
    assert numbers == sorted(set(numbers))


def test_the_documentation_has_the_table() -> None:
    """data/raw/README.md shows authors exactly these codes, meanings and hints."""
    written = (ROOT / "data/raw/README.md").read_text(encoding="utf-8")
    assert written.endswith(table())
