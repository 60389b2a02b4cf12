"""Neighbours: do the words of a text stand side by side as they do in English?

Words fall into classes: the commonest words are a class each, all others are told apart by their endings. `neighbours.json` holds how
often one class followed another in teachers' turns that a tutor may learn from. A text is ordered where its neighbours occur together
more often than chance would bring them together. It is a model of word order and of nothing else: nonsense in good order passes.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.words import sentences

COUNTS = Path(__file__).with_name("neighbours.json")
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d[\d.,:/]*\d|\d|[.?!…]+|[,;:]|[^\w\s]")
_ENDINGS = ("ing", "ed", "ly", "er", "est", "s")
_START = "^"
_TRUST = 8.0
"""Occurrences of a class after which what follows it counts as much as what is common anyway."""


@dataclass(frozen=True)
class Neighbours:
    """Which classes of words follow each other, counted."""

    words: frozenset[str]
    """The words that are a class of their own."""
    pairs: Mapping[str, Mapping[str, int]]
    """Class → the class after it → how often."""
    before: Mapping[str, int]
    """How often each class stands before another."""
    after: Mapping[str, int]
    """How often each class stands after another."""
    total: int

    @classmethod
    def of(cls, texts: Sequence[str], most_words: int = 150, least: int = 1) -> Neighbours:
        """Count the neighbours in `texts`; pairs that occur fewer than `least` times are left out."""
        counted = Counter(token.lower() for text in texts for token in _tokens(text) if token[0].isalpha())
        words = frozenset(sorted(counted, key=lambda word: (-counted[word], word))[:most_words])
        pairs: dict[str, Counter[str]] = {}
        for text in texts:
            for one, other in _side_by_side(text, words):
                pairs.setdefault(one, Counter())[other] += 1
        kept = {one: {other: n for other, n in sorted(many.items()) if n >= least} for one, many in sorted(pairs.items())}
        return cls._counted(words, {one: many for one, many in kept.items() if many})

    @classmethod
    def _counted(cls, words: frozenset[str], pairs: Mapping[str, Mapping[str, int]]) -> Neighbours:
        after: Counter[str] = Counter()
        for many in pairs.values():
            after.update(many)
        return cls(words, pairs, {one: sum(many.values()) for one, many in pairs.items()}, after, after.total())

    @classmethod
    def from_record(cls, record: Record) -> Neighbours:
        """Read what `to_record` wrote."""
        return cls._counted(frozenset(record["words"]), record["pairs"])

    def to_record(self) -> Record:
        """Return a JSON object."""
        return {"words": sorted(self.words), "pairs": self.pairs}

    def order(self, text: str) -> float:
        """Return by how many nats the neighbours in `text` are likelier than chance, in the mean; 0 where nothing is said."""
        found = [self._lift(one, other) for one, other in _side_by_side(text, self.words)]
        return math.fsum(found) / len(found) if found else 0.0

    def _lift(self, one: str, other: str) -> float:
        alone = (self.after.get(other, 0) + 0.5) / (self.total + 0.5 * (len(self.after) + 1))
        follows = self.pairs.get(one, {})
        return math.log((follows.get(other, 0) + _TRUST * alone) / (self.before.get(one, 0) + _TRUST) / alone)


@lru_cache(maxsize=1 << 12)
def order(text: str) -> float:
    """Return by how many nats the neighbours in `text` are likelier than chance, as teachers' turns have it."""
    return _shipped().order(text)


@cache
def _shipped() -> Neighbours:
    return Neighbours.from_record(json.loads(COUNTS.read_text(encoding="utf-8")))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.replace("’", "'"))


def _side_by_side(text: str, words: frozenset[str]) -> Iterable[tuple[str, str]]:
    for sentence in sentences(text):
        classes = [_START, *(_class(token, words) for token in _tokens(sentence))]
        yield from itertools.pairwise(classes)


def _class(token: str, words: frozenset[str]) -> str:
    word = token.lower()
    if word in words:
        return word
    if token[0].isdigit():
        return "#"
    if not token[0].isalpha():
        return "." if token[0] in ".!?…" else "," if token[0] in ",;:" else '"' if token[0] in "\"“”'‘" else "="
    if len(word) == 1:
        return "x"
    return next((f"-{ending}" for ending in _ENDINGS if word.endswith(ending) and len(word) > len(ending) + 2), "-")
