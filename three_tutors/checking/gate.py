"""The gate: every check over every file, and the verdict with all problems located and sorted.

`check` holds what it reads and returns it; `three_tutors/checking/gathering.py` does the same for more than fits in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path as FilePath
from typing import BinaryIO

import numpy as np

from three_tutors.checking import corpus, sheet
from three_tutors.checking.batches import Batch, batches
from three_tutors.checking.codes import CODES
from three_tutors.checking.corpus import Corpus
from three_tutors.checking.exam import Exam
from three_tutors.checking.files import DataFile, find, whole
from three_tutors.checking.finding import Finding, Source, printable
from three_tutors.checking.inspecting import Limits, inspect, placed
from three_tutors.checking.reading import places
from three_tutors.checking.tally import Tally, tallied
from three_tutors.checking.told import Told
from three_tutors.pipeline.diagnostics import Problem
from three_tutors.tutoring import duplicates
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.duplicates import Pair, Whole
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario
from three_tutors.tutoring.splits import Split

IN_ORDER = attrgetter("path", "line", "column", "code", "message", "hint")
"""Of problems; their own comparison calls Python for each pair."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says about a set of files."""

    dialogues: list[Dialogue]
    """Sorted by id; whole only where there are no errors."""
    scenarios: list[Scenario]
    problems: list[Problem]
    """Sorted by file, line and column."""
    moments: list[Moment] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop the pipeline."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def tally(self) -> Tally:
        """The counts of what was read."""
        return tallied([*self.dialogues, *self.scenarios, *self.moments])

    @property
    def summary(self) -> str:
        """What was read and found, as a sentence."""
        errors = len(self.errors)
        return self.tally.said(errors, len(self.problems) - errors)


def check(paths: Sequence[FilePath], limits: Limits, splits: Mapping[str, Split] | None = None) -> Verdict:
    """Check every dialogue, scenario and moment at and under `paths`; `splits` says where a dialogue was dealt before."""
    files, findings = find(paths)
    planned = list(batches(files, lambda path: [whole(path)]))
    read = {batch: inspect(batch, limits, Exam()) for batch in planned if not is_taught(batch)}
    exam = Corpus([sheet.in_memory(one) for one in read.values()]).asked()
    mixed = [batch for batch, one in read.items() if exam.digest and any(isinstance(entry.item, Dialogue) for entry in one.entries)]
    read |= {batch: inspect(batch, limits, exam) for batch in [*filter(is_taught, planned), *mixed]}
    inspected = [read[batch] for batch in planned]
    findings += [finding for one in inspected for finding in one.findings]
    findings += empty(files, {name for one in inspected for name in one.files})
    known = Corpus([sheet.in_memory(one) for one in inspected])

    def alike(positions: Sequence[Whole], threshold: float) -> list[Pair]:
        every = zip(known.sheets, positions, strict=True)
        sets = [one.triples_of(place) for one, some in every for place in np.flatnonzero(some >= 0).tolist()]
        return duplicates.pairs(sets, threshold)

    findings += corpus.notes(known, exam, alike, splits=splits or {}, near_duplicate=limits.near_duplicate, told=Told())
    items = sorted((entry.item for one in inspected for entry in one.entries if entry.item), key=attrgetter("id"))
    return Verdict(
        [item for item in items if isinstance(item, Dialogue)],
        [item for item in items if isinstance(item, Scenario)],
        sorted(located(findings, files), key=IN_ORDER),
        [item for item in items if isinstance(item, Moment)],
    )


def is_taught(batch: Batch) -> bool:
    """Return whether all of a batch is dialogues, which are held against the exam; what else there is may belong to the exam."""
    return batch.holds == "dialogues"


def empty(files: Iterable[DataFile], held: Collection[str]) -> list[Finding]:
    """Return what is told of the files that hold nothing."""
    return [Finding(Source(file.shown), "E009", "the file holds nothing", place=(1, 1)) for file in files if file.shown not in held]


def located(findings: Iterable[Finding], files: Iterable[DataFile]) -> Iterator[Problem]:
    """Yield each finding as a problem with line and column; a file is opened once, however many of its lines are looked at again."""
    paths = {file.shown: file.path for file in files}
    by_source: dict[Source, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_source[finding.source].append(finding)
    with ExitStack() as stack:
        opened: dict[str, BinaryIO] = {}
        for source, some in by_source.items():
            if all(finding.place for finding in some):
                found: Iterable[Finding] = some
            else:
                path = paths[source.file]
                if source.length >= 0 and source.file not in opened:
                    with suppress(OSError):
                        opened[source.file] = stack.enter_context(path.open("rb"))
                found = placed(some, places(path, source, opened.get(source.file)))
            for one in found:
                yield as_problem(one)


def as_problem(finding: Finding) -> Problem:
    """Return what is told of a finding that has its place."""
    line, column = finding.place or (finding.source.line, 1)
    return Problem(finding.source.file, line, column, finding.code, printable(finding.message), CODES[finding.code].hint)


def counts(problems: Iterable[Problem]) -> dict[str, int]:
    """Return how often each code was found."""
    return dict(sorted(Counter(problem.code for problem in problems).items()))
