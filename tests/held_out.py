"""The project's own held-out dialogues, for tests of what a score says about real teaching."""

from __future__ import annotations

from functools import cache

from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.checking.gate import check
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.splits import read_ledger


@cache
def held_out() -> tuple[Dialogue, ...]:
    """Return the dialogues of the test split, read once."""
    test = {name for name, split in read_ledger(ROOT / "data/raw/splits.csv").items() if split == "test"}
    paths = [path for path in sorted((ROOT / "data/raw/dialogues").glob("*/*.yaml")) if path.stem in test]
    return tuple(check(paths, LIMITS).dialogues)
