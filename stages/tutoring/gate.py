"""The gate: every check over every file, and the verdict with all problems located and sorted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.tutoring.codes import CODES
from stages.tutoring.diagnostics import Problem
from stages.tutoring.dialogue import Dialogue, Scenario
from stages.tutoring.files import DataFile, find
from stages.tutoring.finding import Finding, Source, quoted
from stages.tutoring.reading import Entry, places, read


@dataclass(frozen=True)
class Verdict:
    """What the gate says about a set of files."""

    dialogues: list[Dialogue]
    """Sorted by id; only meaningful where there are no errors."""
    scenarios: list[Scenario]
    problems: list[Problem]
    """Sorted by file, line and column."""

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop the pipeline."""
        return [problem for problem in self.problems if problem.severity == "error"]


def check(paths: Sequence[Path]) -> Verdict:
    """Check every dialogue and scenario at and under `paths`."""
    files, findings = find(paths)
    entries = [entry for file in files for entry in read(file)]
    findings += [finding for entry in entries for finding in entry.findings]
    readable = [entry for entry in entries if entry.item]
    if readable:
        from stages.tutoring import structure  # noqa: PLC0415 - polars and pandera take a second; a file that is no YAML needs neither

        findings += structure.check(readable)
        findings += repeated_ids(readable)
    problems = sorted(located(findings, {file.shown: file for file in files}))
    dialogues = [entry.item for entry in readable if isinstance(entry.item, Dialogue)]
    scenarios = [entry.item for entry in readable if isinstance(entry.item, Scenario)]
    return Verdict(sorted(dialogues, key=lambda item: str(item.id)), sorted(scenarios, key=lambda item: str(item.id)), problems)


def repeated_ids(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield every id that another dialogue or scenario has, at each place but the first."""
    first: dict[str, Source] = {}
    for entry in entries:
        name = entry.item.id if entry.item else None
        if name is None:
            continue
        if name in first:
            yield Finding(entry.source, "E110", f"id {quoted(name)} is that of {first[name]}", ("id",))
        else:
            first[name] = entry.source


def located(findings: Iterable[Finding], files: dict[str, DataFile]) -> Iterator[Problem]:
    """Yield each finding as a problem with line and column; a file is read again only where it has findings."""
    by_source: dict[Source, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_source[finding.source].append(finding)
    for source, some in by_source.items():
        tree = places(files[source.file].path, source) if any(finding.place is None for finding in some) else None
        for finding in some:
            line, column = finding.place or (source.line, 1)
            if tree and finding.place is None:
                known = tree.keys if finding.key else tree.values
                ways = (finding.path[:length] for length in range(len(finding.path), -1, -1))
                line, column = next((place for way in ways if (place := known.get(way) or tree.values.get(way))), (line, column))
            yield Problem(source.file, line, column, finding.code, finding.message, CODES[finding.code].hint)


def counts(problems: Iterable[Problem]) -> dict[str, int]:
    """Return how often each code was found."""
    return dict(sorted(Counter(problem.code for problem in problems).items()))
