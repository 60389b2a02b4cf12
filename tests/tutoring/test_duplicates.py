from __future__ import annotations

import random
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.tutoring import duplicates
from three_tutors.tutoring.duplicates import Pair, Triples, alike, of_one_problem, pairs, ranks, shared, signature, summed, triples

WORDS = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
words = st.lists(st.sampled_from(WORDS[:6]), max_size=12)


@given(words, words)
def test_alike_is_the_share_of_common_triples(one: list[str], other: list[str]) -> None:
    """The Jaccard index of the sets of three words in a row, taken without hashing."""
    sets = [{tuple(said[start : start + 3]) for start in range(len(said) - 2)} for said in (one, other)]
    either = len(sets[0] | sets[1])
    assert alike(triples(one), triples(other)) == pytest.approx(len(sets[0] & sets[1]) / either if either else 0)


def spoiled(said: list[str], share: float, generator: random.Random) -> list[str]:
    """Return the words with `share` of them replaced."""
    return [generator.choice(WORDS) if generator.random() < share else word for word in said]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("threshold", [0.15, 0.6])
def test_every_pair_alike_is_found(large: bool, threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 texts and copies with ever more words replaced, those at or above the threshold are found, also by sampling."""
    if large:
        monkeypatch.setattr(duplicates, "LARGE", 1)
    generator = random.Random(7)
    texts = [[generator.choice(WORDS) for _ in range(300)] for _ in range(60)]
    copies = [spoiled(text, index / 120, generator) for index, text in enumerate(texts)]
    sets = [triples(text) for text in [*texts, *copies]]
    expected = [(index, index + 60) for index in range(60) if alike(sets[index], sets[index + 60]) >= threshold]
    assert 5 < len(expected) < 60
    assert [(pair.first, pair.second) for pair in pairs(sets, threshold)] == expected


def test_a_search_in_parts_counts_what_one_search_counts() -> None:
    """The hashes may be cut in parts anywhere between two of them: the counts of all parts add up to those of one search."""
    generator = random.Random(3)
    sets = [triples(generator.choice(WORDS[:9]) for _ in range(120)) for _ in range(40)]
    hashes, owners = np.concatenate(sets), np.repeat(np.arange(40), [some.size for some in sets])
    order = ranks(np.array([signature(some) for some in sets], np.uint64))
    whole = shared(hashes, owners, order)
    parts = [shared(hashes[hashes % 5 == part], owners[hashes % 5 == part], order) for part in range(5)]
    assert [some.tolist() for some in summed(parts)] == [some.tolist() for some in whole]
    assert whole[0].size > 400


def stock(generator: random.Random, texts: int) -> list[Triples]:
    """Return the triples of texts that are put together of a few stock phrases, each of which is in more texts than are paired."""
    phrases = [[generator.choice(WORDS) for _ in range(30)] for _ in range(12)]
    return [
        triples([word for phrase in generator.sample(phrases, 3) for word in phrase] + generator.choices(WORDS, k=60)) for _ in range(texts)
    ]


@pytest.mark.parametrize("large", [False, True])
def test_pairs_do_not_hang_on_the_order_of_the_texts(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate reads in the order of files and the split in that of ids: both have to find the same pairs by what is common to many."""
    if large:
        monkeypatch.setattr(duplicates, "LARGE", 1)
    generator = random.Random(11)
    sets = stock(generator, 200)
    found = pairs(sets, 0.15)
    assert 50 < len(found) < 2000
    for _ in range(3):
        moved = generator.sample(range(200), 200)
        again = [sorted((moved[pair.first], moved[pair.second])) for pair in pairs([sets[place] for place in moved], 0.15)]
        assert sorted(again) == [[pair.first, pair.second] for pair in found]


def test_each_of_many_copies_is_linked_to_the_one_before() -> None:
    """A thousand copies of one text give a chain, not half a million pairs."""
    same = triples(WORDS[:50])
    assert [(pair.first, pair.second, pair.alike) for pair in pairs([same] * 1000, 0.6)] == [(one, one + 1, 1.0) for one in range(999)]


def test_short_texts_are_like_nothing() -> None:
    """Fewer than three words have no triple, so two of them are no pair."""
    assert triples(["oh", "no"]).dtype == np.uint64
    assert pairs([triples(["oh", "no"])] * 2, 0.1) == []
    assert pairs([], 0.1) == []


def test_a_mould_is_no_leak() -> None:
    """Two of ten texts that are alike may leak; all ten alike are one form filled ten times."""
    two = [Pair(0, 1, 0.5), Pair(4, 5, 0.5)]
    assert of_one_problem(two, 10) == two
    assert of_one_problem([Pair(one, one + 1, 0.5) for one in range(9)], 10) == []
    assert of_one_problem([*two, Pair(1, 2, 0.5)], 10) == [two[1]]
    assert of_one_problem([*two, Pair(1, 2, 0.5)], 40) == [*two, Pair(1, 2, 0.5)]
