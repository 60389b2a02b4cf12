from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from three_tutors.scale import alike
from three_tutors.scale.alike import Texts, pairs, write
from three_tutors.scale.engine import ALONE, Engine
from three_tutors.tutoring import duplicates
from three_tutors.tutoring.duplicates import Triples, triples

WORDS = [first + second for first in string.ascii_lowercase[:12] for second in string.ascii_lowercase[12:]]


@pytest.fixture
def sets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Triples]]:
    """Return the triples of 620 texts: copies with ever more words replaced, copies of one text, and texts without a triple."""
    monkeypatch.setattr(duplicates, "LARGE", 1)
    for name, value in (("AT_ONCE", 3000), ("EVERY", 10), ("COMPARED", 50)):  # many ranges, stretches and tasks
        monkeypatch.setattr(alike, name, value)
    generator = random.Random(5)
    texts = [[generator.choice(WORDS) for _ in range(120)] for _ in range(300)]
    texts += [[generator.choice(WORDS) if generator.random() < index / 400 else word for word in text] for index, text in enumerate(texts)]
    texts += [texts[0]] * 15 + [["oh", "no"]] * 5
    return [triples(text) for text in texts]


@pytest.mark.parametrize("how", [ALONE, Engine(processes=2)])
def test_shards_tell_what_one_search_tells(sets: list[Triples], how: Engine, tmp_path: Path) -> None:
    """Pairs, shares and order are those of `duplicates.pairs`; texts of another kind in between are passed over."""
    parts, position = [], 0
    for start in range(0, len(sets), 77):
        some = sets[start : start + 77]
        folder = tmp_path / str(start)
        folder.mkdir()
        write(folder, [sets[0], *some])
        parts.append(Texts(folder, np.array([-1, *range(position, position + len(some))])))
        position += len(some)
    expected = duplicates.pairs(sets, 0.15)
    assert len(expected) > 100
    assert pairs(parts, 0.15, how) == expected


def test_few_texts_are_compared_without_a_sample(tmp_path: Path) -> None:
    """A small corpus is searched as a whole: all of its triples propose pairs."""
    texts = [["a", "b", "c", "d"], ["x", "y", "z"], ["a", "b", "c", "e"]]
    write(tmp_path, [triples(text) for text in texts])
    assert [(pair.first, pair.second) for pair in pairs([Texts(tmp_path, np.arange(3))], 0.2)] == [(0, 2)]
