"""Rules about a data set as a whole: what two files share that they must not, and whether its labels are in balance."""

from __future__ import annotations

import posixpath
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.reading import Entry
from three_tutors.tutoring.dialogue import STRATEGIES, Dialogue, Scenario
from three_tutors.tutoring.duplicates import LEAK, of_one_problem, pairs
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.splits import Split
from three_tutors.tutoring.words import content_words, words

SCENARIO_LEAK = 0.2
"""A dialogue with this share of a scenario's word triples gives the scenario away."""
SAME_TOPIC = 0.75
"""Two topics that share this part of their content words are the same; so are two where one, of two words or more, is in the other."""
SAME_MISCONCEPTION = 0.6
"""The same for misconceptions; in our own data no dialogue shares more than 0.25 with a scenario."""
ENOUGH_TRIPLES = 8
"""Word triples from which a moment can be told from another by them."""
ENOUGH_FOR_BALANCE = 20
"""Fewer dialogues say nothing about the balance of labels."""
RARE, FREQUENT = 0.5, 3.0
"""How often a strategy should occur, as multiples of an even share of the teacher turns."""
CLOSING_WORDS = 3
"""Shorter openings and closings, such as a bare "idk", may occur twice."""

_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’…–—")


def notes(entries: Sequence[Entry], splits: Mapping[str, Split], near_duplicate: float) -> Iterator[Finding]:
    """Yield every problem between `entries`, whose turns all have words. `splits` says where a dialogue was dealt."""
    dialogues = [entry for entry in entries if isinstance(entry.item, Dialogue)]
    scenarios = [entry for entry in entries if isinstance(entry.item, Scenario)]
    moments = [entry for entry in entries if isinstance(entry.item, Moment)]
    yield from _repeated_ids(entries)
    alike = [finding for some in (dialogues, scenarios, moments) for finding in _alike(some, splits, near_duplicate)]
    yield from alike
    yield from _into_scenarios(dialogues, scenarios)
    yield from _into_moments([*dialogues, *scenarios], moments)
    copies = {finding.source for finding in alike}
    yield from _same_ends([entry for entry in dialogues if entry.source not in copies])
    yield from _balance(dialogues)


def _repeated_ids(entries: Sequence[Entry]) -> Iterator[Finding]:
    first: dict[str, Source] = {}
    for entry in entries:
        name = entry.name
        if name in first:
            yield Finding(entry.source, "E110", f"id {quoted(name)} is that of {first[name]}", ("id",))
        elif name:
            first[name] = entry.source


def _alike(entries: Sequence[Entry], splits: Mapping[str, Split], near_duplicate: float) -> Iterator[Finding]:
    found = pairs([entry.triples for entry in entries], min(LEAK, near_duplicate))
    leaks = set(of_one_problem([pair for pair in found if pair.alike >= LEAK], len(entries)))
    for pair in found:
        first, second = entries[pair.first], entries[pair.second]
        if pair.alike == 1:
            yield Finding(second.source, "E301", f"says word for word what {quoted(first.name)} in {first.source} says", ("turns",))
        elif pair.alike >= near_duplicate:
            yield Finding(second.source, "E302", _share(pair.alike, first), ("turns",))
        elif pair in leaks and first.name in splits and second.name in splits and splits[first.name] != splits[second.name]:
            where = f"this is in {splits[second.name]}, that in {splits[first.name]}"
            yield Finding(second.source, "E303", f"{_share(pair.alike, first)}; {where}", ("turns",))


def _share(alike: float, other: Entry) -> str:
    return f"{alike:.0%} of its word triples are those of {quoted(other.name)} in {other.source}"


def _into_scenarios(dialogues: Sequence[Entry], scenarios: Sequence[Entry]) -> Iterator[Finding]:
    """Yield dialogues that tell of a scenario's topic or say its words: a tutor would have learned the exam."""
    if not scenarios or not dialogues:
        return
    exams = [(scenario, _about(scenario)) for scenario in scenarios]
    all_triples = np.unique(np.concatenate([entry.triples for entry in scenarios]))
    for entry in dialogues:
        about = _about(entry)
        for scenario, exam in exams:
            if about.subject != exam.subject:
                continue
            if _same_topic(about.topic, exam.topic):
                yield _leak(entry, scenario, "has the same topic as", ("topic",))
            elif _overlap(about.misconception, exam.misconception) >= SAME_MISCONCEPTION:
                yield _leak(entry, scenario, "has the same misconception as", ("misconception",))
        if np.isin(entry.triples, all_triples).sum() < SCENARIO_LEAK * min(other.triples.size for other in scenarios):
            continue
        for scenario in scenarios:
            common = np.intersect1d(entry.triples, scenario.triples, assume_unique=True).size
            if common >= SCENARIO_LEAK * scenario.triples.size:
                yield _leak(entry, scenario, f"has {common / scenario.triples.size:.0%} of the word triples of", ("turns",))


def _into_moments(others: Sequence[Entry], moments: Sequence[Entry]) -> Iterator[Finding]:
    """Yield moments whose words a dialogue or scenario says, too: a tutor would have learned the exam, or met it twice.

    Topics may be the same: a moment is about what is said at one turn, and the fault of a reply cannot be learned from the lesson.
    """
    sized = [moment for moment in moments if moment.triples.size >= ENOUGH_TRIPLES]
    if not others or not sized:
        return
    owners: dict[int, list[int]] = {}
    for number, other in enumerate(others):
        for triple in other.triples.tolist():
            owners.setdefault(triple, []).append(number)
    for moment in sized:
        shared = Counter(number for triple in moment.triples.tolist() for number in owners.get(triple, ()))
        number, common = next(iter(shared.most_common(1)), (0, 0))
        if common >= SCENARIO_LEAK * moment.triples.size:
            says = f"has {common / moment.triples.size:.0%} of its word triples in common with {quoted(others[number].name)}"
            yield Finding(moment.source, "E307", f"{says} in {others[number].source}", ("turns" if len(_sides(moment)) == 1 else "sides",))


def _sides(entry: Entry) -> Sequence[Any]:
    return entry.item.sides if isinstance(entry.item, Moment) else ()


def _leak(entry: Entry, scenario: Entry, says: str, path: Path) -> Finding:
    return Finding(entry.source, "E304", f"{says} scenario {quoted(scenario.name)} in {scenario.source}", path)


class _About(NamedTuple):
    """What a lesson is about, as words."""

    subject: str
    topic: frozenset[str]
    misconception: frozenset[str]


def _about(entry: Entry) -> _About:
    item: Any = entry.item
    return _About(item.lesson.subject, _words(item.lesson.topic), _words(item.lesson.misconception))


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    """Return the content words of `text`; all of its words where none carries content ("Its and it's")."""
    return frozenset(content_words(text) or words(text))


def _same_topic(one: frozenset[str], other: frozenset[str]) -> bool:
    smaller = min(one, other, key=len)
    return _overlap(one, other) >= SAME_TOPIC or (len(smaller) > 1 and smaller <= one & other)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _same_ends(dialogues: Sequence[Entry]) -> Iterator[Finding]:
    for end, what in ((0, "opens"), (-1, "closes")):
        first: dict[tuple[str, ...], Entry] = {}
        for entry in dialogues:
            turns = entry.item.turns if entry.item else ()
            said = turns[end].text.lower().translate(_PUNCTUATION).split()
            if len(said) < CLOSING_WORDS:
                continue
            other = first.setdefault(tuple(said), entry)
            if other is not entry:
                yield Finding(entry.source, "W306", f"{what} in the words of {quoted(other.name)}", ("turns", end % len(turns)))


def _balance(dialogues: Sequence[Entry]) -> Iterator[Finding]:
    counts = Counter(
        turn.strategy for entry in dialogues if isinstance(entry.item, Dialogue) for turn in entry.item.turns if turn.speaker == "teacher"
    )
    labelled = sum(counts[strategy] for strategy in STRATEGIES)
    if len(dialogues) < ENOUGH_FOR_BALANCE or not labelled:
        return
    even = labelled / len(STRATEGIES)
    for strategy in STRATEGIES:
        if not RARE * even <= counts[strategy] <= FREQUENT * even:
            much = "few" if counts[strategy] < even else "many"
            share = f"{counts[strategy]} of {labelled} labelled teacher turns are {strategy}"
            yield Finding(Source(_folder(dialogues)), "W305", f"{share}: {much} beside an even {even:.0f}", place=(1, 1))


def _folder(entries: Sequence[Entry]) -> str:
    """Return the folder that all files lie in."""
    return posixpath.commonpath([posixpath.dirname(entry.source.file) for entry in entries]) or "."
