"""Rules about a data set as a whole: what two files share that they must not, and whether its labels are in balance."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from three_tutors.checking.exam import Exam, met
from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.sheet import KINDS, ROW, Head, Sheet
from three_tutors.checking.tally import total
from three_tutors.checking.told import Told
from three_tutors.tutoring.dialogue import STRATEGIES, Dialogue
from three_tutors.tutoring.duplicates import LEAK, Pair, Whole, of_one_problem
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario
from three_tutors.tutoring.splits import Split

ENOUGH_FOR_BALANCE = 20
"""Fewer dialogues say nothing about the balance of labels."""
RARE, FREQUENT = 0.5, 3.0
"""How often a strategy should occur, as multiples of an even share of the teacher turns."""

Digests = npt.NDArray[np.uint64]
Pairs = Callable[[Sequence[Whole], float], list[Pair]]
"""Finds the pairs alike, given for each sheet the position of each of its texts among those compared, or -1."""


class Note(NamedTuple):
    """One thing found between entries, before it is told."""

    number: int
    """Of the entry it is told of, among all that are compared."""
    code: str
    tell: Callable[[Head], tuple[str, Path]]
    """Gives the message and the way to the value, from what is known of the entry."""


class Corpus:
    """All sheets of a data set in the order of their files, each entry known by its number among all that are compared."""

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        """Keep the sheets and where each begins."""
        self.sheets = sheets
        self.starts = np.cumsum([0, *(len(sheet.rows) for sheet in sheets)])
        self.rows: Any = np.concatenate([np.empty(0, ROW), *(sheet.rows for sheet in sheets)])

    def head(self, number: int) -> Head:
        """Return what is told of an entry."""
        at = int(np.searchsorted(self.starts, number, side="right")) - 1
        return self.sheets[at].head(number - int(self.starts[at]))

    def of(self, kind: type) -> Whole:
        """Return the numbers of the entries of one kind."""
        return np.flatnonzero(self.rows["kind"] == KINDS.index(kind))

    def positions(self, numbers: Whole) -> list[Whole]:
        """Return for each sheet the position of each of its entries among `numbers`, or -1."""
        every = np.full(len(self.rows), -1, np.int64)
        every[numbers] = np.arange(numbers.size)
        return np.split(every, self.starts[1:-1]) if self.sheets else []

    def asked(self) -> Exam:
        """Return the exam: the scenarios and moments."""
        scenarios, moments = ([one for sheet in self.sheets for one in sheet.asked(kind)] for kind in (Scenario, Moment))
        return Exam(tuple(scenarios), tuple(moments))


def notes(corpus: Corpus, exam: Exam, pairs: Pairs, *, splits: Mapping[str, Split], near_duplicate: float, told: Told) -> Iterator[Finding]:
    """Yield the problems between entries, as far as they are told. `splits` says where a dialogue was dealt."""
    yield from _told(corpus, told, _repeated_ids(corpus))
    copies: set[int] = set()
    for kind in KINDS:
        alike = _alike(corpus, corpus.of(kind), pairs, splits, near_duplicate)
        yield from _told(corpus, told, alike)
        copies.update(note.number for note in alike)
    yield from _told(corpus, told, _into_moments(corpus, exam))
    yield from _told(corpus, told, _same_ends(corpus, copies))
    for finding in _balance(corpus.sheets):
        told.keep(finding.source.file, finding.code, 1)
        yield finding


def _told(corpus: Corpus, told: Told, found: Sequence[Note]) -> Iterator[Finding]:
    """Count every note, and yield those that are told one by one; messages are made for them alone."""
    for note in found:
        head = corpus.head(note.number)
        if told.keep(head.source.file, note.code, head.source.line):
            message, path = note.tell(head)
            yield Finding(head.source, note.code, message, path)


def _repeated(digests: Digests, numbers: Whole) -> list[tuple[int, int]]:
    """Return each of `numbers` whose digest an earlier one has, with the first that has it; a digest of 0 is nobody's."""
    numbers = numbers[digests[numbers] != 0]
    found = digests[numbers]
    order = np.argsort(found, kind="stable")
    begins = np.r_[True, found[order][1:] != found[order][:-1]][: order.size]
    firsts = order[np.flatnonzero(begins)[np.cumsum(begins) - 1]]
    later = np.sort(order[~begins])
    first_of = np.empty(order.size, np.int64)
    first_of[order] = firsts
    return list(zip(numbers[later].tolist(), numbers[first_of[later]].tolist(), strict=True))


def _repeated_ids(corpus: Corpus) -> list[Note]:
    def tell(first: int, head: Head) -> tuple[str, Path]:
        return f"id {quoted(head.name)} is that of {corpus.head(first).source}", ("id",)

    return [Note(number, "E110", partial(tell, first)) for number, first in _repeated(corpus.rows["id"], np.arange(len(corpus.rows)))]


def _alike(corpus: Corpus, numbers: Whole, pairs: Pairs, splits: Mapping[str, Split], near_duplicate: float) -> list[Note]:
    """Return which of `numbers`, all of one kind, say what an earlier one says, in order."""
    found = pairs(corpus.positions(numbers), min(LEAK, near_duplicate))
    leaks = set(of_one_problem([pair for pair in found if pair.alike >= LEAK], numbers.size))
    notes_ = []
    for pair in found:
        first, second = int(numbers[pair.first]), int(numbers[pair.second])
        share = partial(_share, corpus, pair.alike, first)
        if pair.alike == 1:
            notes_.append(Note(second, "E301", partial(_copied, corpus, first)))
        elif pair.alike >= near_duplicate:
            notes_.append(Note(second, "E302", share))
        elif splits and pair in leaks:
            one, other = (splits.get(corpus.head(number).name) for number in (first, second))
            if one and other and one != other:
                notes_.append(Note(second, "E303", partial(share, where=f"; this is in {other}, that in {one}")))
    return sorted(notes_, key=attrgetter("number"))


def _copied(corpus: Corpus, first: int, _: Head) -> tuple[str, Path]:
    head = corpus.head(first)
    return f"says word for word what {quoted(head.name)} in {head.source} says", ("turns",)


def _share(corpus: Corpus, alike: float, first: int, _: Head, where: str = "") -> tuple[str, Path]:
    head = corpus.head(first)
    return f"{alike:.0%} of its word triples are those of {quoted(head.name)} in {head.source}{where}", ("turns",)


def _into_moments(corpus: Corpus, exam: Exam) -> list[Note]:
    """Return moments whose words a dialogue or scenario says, too: a tutor would have learned the exam, or met it twice."""
    scenarios = corpus.of(Scenario)
    found = [
        (one.moment, -one.common, int(start) + one.place)
        for start, sheet in zip(corpus.starts.tolist(), corpus.sheets, strict=False)
        for one in sheet.met
    ]
    said = met([scenario.triples for scenario in exam.scenarios], exam.moments)
    found += [(one.moment, -one.common, int(scenarios[one.place])) for one in said]
    moments = corpus.of(Moment)
    best: dict[int, tuple[int, int]] = {}
    for moment, common, number in sorted(found):
        best.setdefault(moment, (-common, number))

    def tell(share: float, other: int, head: Head) -> tuple[str, Path]:
        told = corpus.head(other)
        says = f"has {share:.0%} of its word triples in common with {quoted(told.name)}"
        return f"{says} in {told.source}", ("turns" if head.sides == 1 else "sides",)

    return [
        Note(int(moments[moment]), "E307", partial(tell, common / exam.moments[moment].triples.size, number))
        for moment, (common, number) in sorted(best.items())
    ]


def _same_ends(corpus: Corpus, copies: Collection[int]) -> list[Note]:
    """Return dialogues that open or close in the words of an earlier one; copies, which do both, have been told."""
    numbers = corpus.of(Dialogue)
    numbers = numbers[~np.isin(numbers, np.fromiter(copies, np.int64))]

    def tell(what: str, first: int, head: Head) -> tuple[str, Path]:
        return f"{what} in the words of {quoted(corpus.head(first).name)}", ("turns", 0 if what == "opens" else head.turns - 1)

    found = [
        Note(number, "W306", partial(tell, what, first))
        for end, what in (("opening", "opens"), ("closing", "closes"))
        for number, first in _repeated(corpus.rows[end], numbers)
    ]
    return sorted(found, key=attrgetter("number"))


def _balance(sheets: Sequence[Sheet]) -> Iterator[Finding]:
    tally = total(sheet.counts for sheet in sheets)
    labelled = sum(tally.strategies[strategy] for strategy in STRATEGIES)
    if tally.items["dialogues"] < ENOUGH_FOR_BALANCE or not labelled:
        return
    even = labelled / len(STRATEGIES)
    folder = posixpath.commonpath({folder for sheet in sheets for folder in sheet.folders}) or "."
    for strategy in STRATEGIES:
        count = tally.strategies[strategy]
        if not RARE * even <= count <= FREQUENT * even:
            much = "few" if count < even else "many"
            share = f"{count} of {labelled} labelled teacher turns are {strategy}"
            yield Finding(Source(folder), "W305", f"{share}: {much} beside an even {even:.0f}", place=(1, 1))
