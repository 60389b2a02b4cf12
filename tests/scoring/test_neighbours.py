"""Word order is told by which classes of words stand side by side."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.scoring.metrics import auc
from three_tutors.scoring.neighbours import Neighbours, order
from three_tutors.tutoring.splits import read_ledger
from three_tutors.tutoring.words import sentences

ROOT = Path(__file__).parents[2]
_TOKEN = re.compile(r"[\w'’]+|[^\w\s]")


@pytest.fixture(scope="module")
def held_out() -> list[str]:
    """Return the teachers' turns of the held-out dialogues, from which nothing was counted."""
    ledger = read_ledger(ROOT / "data/raw/splits.csv")
    files = [path for path in (ROOT / "data/raw/dialogues").glob("*/*.yaml") if ledger.get(path.stem) == "test"]
    found = check(sorted(files), Limits(max_turns=100, max_words=1000, near_duplicate=1.0), {})
    return [turn.text for dialogue in found.dialogues for turn in dialogue.turns if turn.speaker == "teacher"]


def loose(text: str, draw: random.Random) -> str:
    """Shuffle the words of each sentence, each with the signs that it is written with."""
    return " ".join(" ".join(draw.sample(parts, len(parts))) for parts in map(str.split, sentences(text)))


def in_place(text: str, draw: random.Random) -> str:
    """Shuffle the words of each sentence and leave full stops, commas and question marks where they are."""
    said = []
    for sentence in sentences(text):
        tokens = _TOKEN.findall(sentence)
        words = [token for token in tokens if token[0].isalnum()]
        following = iter(draw.sample(words, len(words)))
        said.append(re.sub(r" (?=[.,?!])", "", " ".join(next(following) if token[0].isalnum() else token for token in tokens)))
    return " ".join(said)


@pytest.mark.parametrize("shuffled", [loose, in_place])
def test_shuffled_sentences_fall(held_out: list[str], shuffled: Callable[[str, random.Random], str]) -> None:
    """Held-out teachers stand above their own words in random order, whether or not the signs move along."""
    draw = random.Random(1)
    assert auc([order(text) for text in held_out], [order(shuffled(text, draw)) for text in held_out]) >= 0.95


def test_nonsense_in_good_order_passes() -> None:
    """It is a model of word order: what the sentence says is not looked at."""
    assert order("The milk puts on its hat, and the hat is the cow. Which hat is the milk?") > 0.5


def test_what_was_counted_is_what_is_likely() -> None:
    """Two classes that follow each other in the texts are likelier together than the other way round; a pair met too seldom is left out."""
    texts = ["the cat", "the cat", "a dog"]
    counted = Neighbours.of(texts, least=2)
    assert counted.pairs == {"^": {"the": 2}, "the": {"cat": 2}}
    assert counted.order("the cat") > 0 > counted.order("cat the")
    assert Neighbours.from_record(counted.to_record()) == counted


@given(st.text())
def test_any_text_has_an_order(text: str) -> None:
    """Silence, signs and other scripts give a number within sane bounds."""
    assert -10 < order(text) < 10
