"""What must not be learned: the scenarios and moments, which every block of dialogues is held against."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.reading import Entry
from three_tutors.tutoring.duplicates import Triples
from three_tutors.tutoring.words import content_words, words

SCENARIO_LEAK = 0.2
"""A dialogue with this share of a scenario's word triples gives the scenario away."""
SAME_TOPIC = 0.75
"""Two topics that share this part of their content words are the same; so are two where one, of two words or more, is in the other."""
SAME_MISCONCEPTION = 0.6
"""The same for misconceptions; in our own data no dialogue shares more than 0.25 with a scenario."""
ENOUGH_TRIPLES = 8
"""Word triples from which a moment can be told from another by them."""


_TABLE = 2**20


class Asked(NamedTuple):
    """A scenario or moment as far as others can give it away."""

    name: str
    source: Source
    subject: str
    topic: str
    misconception: str
    sides: int
    """1 unless it is a pair."""
    triples: Triples


@dataclass(frozen=True)
class Exam:
    """All scenarios and moments of a data set, in the order of their files."""

    scenarios: tuple[Asked, ...] = ()
    moments: tuple[Asked, ...] = ()

    @property
    def digest(self) -> str:
        """What tells it from another one; empty where there is nothing in it."""
        parts = [(*one[:-1], one.triples.tobytes().hex()) for one in (*self.scenarios, *self.moments)]
        return hashlib.sha256(repr((len(self.scenarios), parts)).encode("utf-8", "surrogatepass")).hexdigest() if parts else ""


class Met(NamedTuple):
    """A moment whose words are said elsewhere, too."""

    moment: int
    """Its number in the exam."""
    common: int
    """Triples that both have."""
    place: int
    """Of the text that says them, among those compared."""


def leaks(entries: Sequence[Entry], exam: Exam) -> Iterator[Finding]:
    """Yield dialogues that tell of a scenario's topic or say its words: a tutor would have learned the exam."""
    if not exam.scenarios or not entries:
        return
    exams = [(scenario, _about(scenario)) for scenario in exam.scenarios]
    all_triples = np.unique(np.concatenate([scenario.triples for scenario in exam.scenarios]))
    least = SCENARIO_LEAK * min(scenario.triples.size for scenario in exam.scenarios)
    common = _common([entry.triples for entry in entries], all_triples)
    for entry, shared in zip(entries, common, strict=True):
        about = _about_entry(entry)
        for scenario, asked in exams:
            if about.subject != asked.subject:
                continue
            if _same_topic(about.topic, asked.topic):
                yield _leak(entry, scenario, "has the same topic as", ("topic",))
            elif _overlap(about.misconception, asked.misconception) >= SAME_MISCONCEPTION:
                yield _leak(entry, scenario, "has the same misconception as", ("misconception",))
        if shared.size < least:
            continue
        for scenario in exam.scenarios:
            both = np.intersect1d(shared, scenario.triples, assume_unique=True).size
            if both >= SCENARIO_LEAK * scenario.triples.size:
                yield _leak(entry, scenario, f"has {both / scenario.triples.size:.0%} of the word triples of", ("turns",))


def met(sets: Sequence[Triples], moments: Sequence[Asked]) -> list[Met]:
    """Return for each moment whose words are said in one of `sets` the one that says most of them, the first of equal ones.

    Topics may be the same: a moment is about what is said at one turn, and the fault of a reply cannot be learned from the lesson.
    """
    sized = [(number, moment) for number, moment in enumerate(moments) if moment.triples.size >= ENOUGH_TRIPLES]
    if not sets or not sized:
        return []
    common = _common(sets, np.unique(np.concatenate([moment.triples for _, moment in sized])))
    owners: dict[int, list[int]] = {}
    for place, shared in enumerate(common):
        for triple in shared.tolist():
            owners.setdefault(triple, []).append(place)
    found = []
    for number, moment in sized:
        counts = Counter(owner for triple in moment.triples.tolist() for owner in owners.get(triple, ()))
        place = min(counts, key=lambda place: (-counts[place], place), default=0)
        if counts[place] and counts[place] >= SCENARIO_LEAK * moment.triples.size:
            found.append(Met(number, counts[place], place))
    return found


def _common(sets: Sequence[Triples], wanted: Triples) -> list[Triples]:
    """Return of each set the triples that are among those `wanted`."""
    every = np.concatenate(sets)
    # Nearly all are not among them, which a table of some of their bits tells without sorting.
    known = np.zeros(_TABLE, np.bool_)
    known[wanted % np.uint64(_TABLE)] = True
    kept = known[every % np.uint64(_TABLE)]
    kept[kept] = np.isin(every[kept], wanted)
    edges = np.cumsum([0, *(some.size for some in sets)])
    return [every[start:end][kept[start:end]] for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _leak(entry: Entry, scenario: Asked, says: str, path: Path) -> Finding:
    return Finding(entry.source, "E304", f"{says} scenario {quoted(scenario.name)} in {scenario.source}", path)


class _About(NamedTuple):
    """What a lesson is about, as words."""

    subject: str
    topic: frozenset[str]
    misconception: frozenset[str]


def _about_entry(entry: Entry) -> _About:
    if entry.item is None:
        return _About("", frozenset(), frozenset())
    lesson = entry.item.lesson
    return _About(lesson.subject, _words(lesson.topic), _words(lesson.misconception))


def _about(asked: Asked) -> _About:
    return _About(asked.subject, _words(asked.topic), _words(asked.misconception))


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    """Return the content words of `text`; all of its words where none carries content ("Its and it's")."""
    return frozenset(content_words(text) or words(text))


def _same_topic(one: frozenset[str], other: frozenset[str]) -> bool:
    smaller = min(one, other, key=len)
    return _overlap(one, other) >= SAME_TOPIC or (len(smaller) > 1 and smaller <= one & other)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
