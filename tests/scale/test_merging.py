from __future__ import annotations

import random

import pytest

from three_tutors.scale.merging import Keyed, merged


@pytest.mark.parametrize("at_once", [2, 3, 200])
def test_many_sorted_files_become_one(at_once: int) -> None:
    """Whether all are open at once or a few at a time, the lines come in the order of their keys."""
    generator = random.Random(1)
    keys = [b"k%03d" % number for number in range(300)]
    generator.shuffle(keys)
    runs: list[list[Keyed]] = [sorted((key, key + b" \t said\n") for key in keys[start::11]) for start in range(11)]
    assert list(merged(runs, at_once)) == [key + b" \t said\n" for key in sorted(keys)]
    assert list(merged([], at_once)) == []
