"""The gate: every check over every file, and the verdict with all problems located and sorted."""

from __future__ import annotations

import gc
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path as FilePath
from typing import BinaryIO

from three_tutors.checking import examining, json_source, personal_data, scripting, teaching
from three_tutors.checking.codes import CODES
from three_tutors.checking.files import Block, DataFile, blocks, find
from three_tutors.checking.finding import Finding, Path, Source, printable, quoted
from three_tutors.checking.reading import Entry, places, read
from three_tutors.checking.yaml_source import Tree
from three_tutors.pipeline.diagnostics import Problem
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Scenario, ScriptedTurn, Turn
from three_tutors.tutoring.duplicates import triples
from three_tutors.tutoring.fields import fields
from three_tutors.tutoring.moment import GradedReply, Moment
from three_tutors.tutoring.splits import Split
from three_tutors.tutoring.words import tokens

Batch = Sequence[tuple[DataFile, Block | None]]
"""What one process reads at a time: some YAML files, or a block of one JSON Lines file."""

_IN_ORDER = attrgetter("path", "line", "column", "code", "message", "hint")
"""Of problems; their own comparison calls Python for each pair."""
_PROSE = tuple(field.name for field in fields(Lesson) if field.prose)

FILES_IN_BATCH = 100
USUAL_FILE = 4_000
"""Bytes of a usual YAML file."""
WORTH_PROCESSES = 2_000_000
"""With fewer bytes, a second process costs more than it saves."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the gate lets through."""

    max_turns: int
    """Turns of the longest usual dialogue."""
    max_words: int
    """Words of the longest usual teacher turn."""
    near_duplicate: float
    """Share of common word triples from which two dialogues count as one."""


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
    def summary(self) -> str:
        """What was read and found, as a sentence."""
        errors = len(self.errors)
        read_ = f"{_number(len(self.dialogues), 'dialogue')} and {_number(len(self.scenarios), 'scenario')}"
        if self.moments:
            read_ = read_.replace(" and", ",") + f" and {_number(len(self.moments), 'moment')}"
        return f"{read_}: {_number(errors, 'error')}, {_number(len(self.problems) - errors, 'warning')}"


def check(paths: Sequence[FilePath], limits: Limits, splits: Mapping[str, Split] | None = None) -> Verdict:
    """Check every dialogue, scenario and moment at and under `paths`; `splits` says where a dialogue was dealt before."""
    files, findings = find(paths)
    entries = list(chain.from_iterable(_mapped(partial(inspect, limits=limits), list(_batches(files)))))
    findings += [finding for entry in entries for finding in entry.findings]
    held = {entry.source.file for entry in entries}
    findings += [Finding(Source(file.shown), "E009", "the file holds nothing", place=(1, 1)) for file in files if file.shown not in held]
    readable = [entry for entry in entries if entry.item]
    if readable:
        from three_tutors.checking import corpus, structure  # noqa: PLC0415 - polars and pandera take a second, a file that is no YAML needs neither

        findings += structure.check(readable)
        findings += corpus.notes([entry for entry in readable if entry.triples.size], splits or {}, limits.near_duplicate)
    problems = sorted(located(findings, {file.shown: file for file in files}), key=_IN_ORDER)
    dialogues = [entry.item for entry in readable if isinstance(entry.item, Dialogue)]
    scenarios = [entry.item for entry in readable if isinstance(entry.item, Scenario)]
    moments = [entry.item for entry in readable if isinstance(entry.item, Moment)]
    return Verdict(sorted(dialogues, key=_by_id), sorted(scenarios, key=_by_id), problems, sorted(moments, key=_by_id))


def inspect(batch: Batch, limits: Limits) -> list[Entry]:
    """Read one batch and check each dialogue and scenario by itself."""
    entries = []
    for file, block in batch:
        for entry in read(file, block):
            _check_alone(entry, limits)
            if not all(finding.place for finding in entry.findings):
                entry.findings = list(placed(entry.findings, _tree(entry)))
            entry.tree, entry.text = None, ""
            entries.append(entry)
    return entries


def _check_alone(entry: Entry, limits: Limits) -> None:
    """Add to `entry` what can be found in it alone, where all its turns have words."""
    item = entry.item
    if item is None or not item.turns or not all(turn.text for turn in item.turns):
        return
    if isinstance(item, Dialogue):
        notes = teaching.notes(item, max_turns=limits.max_turns, max_words=limits.max_words)
    else:
        notes = examining.notes(item) if isinstance(item, Moment) else scripting.notes(item)
    entry.findings += [Finding(entry.source, *note) for note in notes]
    texts = [turn.text for turn in item.turns]
    said = [word for text in texts for word in tokens(text)]
    texts += [reply.reply for reply in _replies(item)]
    head = [getattr(item.lesson, name) for name in _PROSE]
    words = {*said, *chain.from_iterable(map(tokens, head))}
    if next(personal_data.find(personal_data.SEPARATOR.join([*texts, *head]), words), None):
        entry.findings += _personal(entry)
    entry.triples = triples(said)


def _tree(entry: Entry) -> Tree:
    """Return every place of an entry that was read just now."""
    if entry.tree:
        return entry.tree.locate()
    return json_source.tree(entry.text, entry.source.line) if entry.text else Tree()


def placed(findings: Iterable[Finding], tree: Tree) -> Iterator[Finding]:
    """Yield the findings of one dialogue with their places in `tree`."""
    for finding in findings:
        known = tree.keys if finding.key else tree.values
        ways = (finding.path[:length] for length in range(len(finding.path), -1, -1))
        place = next((place for way in ways if (place := known.get(way) or tree.values.get(way))), (finding.source.line, 1))
        yield finding if finding.place else replace(finding, place=place)


def located(findings: Iterable[Finding], files: Mapping[str, DataFile]) -> Iterator[Problem]:
    """Yield each finding as a problem with line and column; a file is opened once, however many of its lines are looked at again."""
    by_source: dict[Source, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_source[finding.source].append(finding)
    with ExitStack() as stack:
        opened: dict[str, BinaryIO] = {}
        for source, some in by_source.items():
            if all(finding.place for finding in some):
                found: Iterable[Finding] = some
            else:
                path = files[source.file].path
                if source.length >= 0 and source.file not in opened:
                    with suppress(OSError):
                        opened[source.file] = stack.enter_context(path.open("rb"))
                found = placed(some, places(path, source, opened.get(source.file)))
            for one in found:
                line, column = one.place or (source.line, 1)
                yield Problem(source.file, line, column, one.code, printable(one.message), CODES[one.code].hint)


def counts(problems: Iterable[Problem]) -> dict[str, int]:
    """Return how often each code was found."""
    return dict(sorted(Counter(problem.code for problem in problems).items()))


def _personal(entry: Entry) -> Iterator[Finding]:
    """Yield personal data with its place. Runs for the few dialogues in which a search of all texts at once found some."""
    item = entry.item
    if item is None:
        return
    texts: list[tuple[Path, str]] = [((name,), getattr(item.lesson, name)) for name in _PROSE]
    from three_tutors.checking.structure import way  # noqa: PLC0415 - pandera takes a second

    turns: Sequence[Turn | ScriptedTurn] = item.turns
    texts += [((*way(item, "turns", index), getattr(turn, "speaker", "student")), turn.text) for index, turn in enumerate(turns)]
    texts += [((*way(item, "replies", index), "reply"), reply.reply) for index, reply in enumerate(_replies(item))]
    for path, text in texts:
        for code, what, words in personal_data.find(text):
            yield Finding(entry.source, code, f"{what}: {quoted(words)}", path)


def _replies(item: Dialogue | Scenario | Moment) -> Sequence[GradedReply]:
    return item.replies if isinstance(item, Moment) else ()


def _batches(files: Sequence[DataFile]) -> Iterator[Batch]:
    yaml = [file for file in files if not file.is_jsonl]
    for start in range(0, len(yaml), FILES_IN_BATCH):
        yield [(file, None) for file in yaml[start : start + FILES_IN_BATCH]]
    for file in files:
        if file.is_jsonl:
            yield from ([(file, block)] for block in blocks(file.path))


def _mapped(function: partial[list[Entry]], batches: list[Batch]) -> Iterator[list[Entry]]:
    """Yield the result for each batch, in order, from as many processes as there are cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    work = sum(block.end - block.start if block else USUAL_FILE for batch in batches for _, block in batch)
    if cores == 1 or len(batches) == 1 or work < WORTH_PROCESSES:
        yield from map(function, batches)
        return
    with ProcessPoolExecutor(min(cores, len(batches)), initializer=gc.disable) as pool:
        results = pool.map(function, batches)
        first = next(results)
        if any(entry.item for entry in first):
            from three_tutors.checking import structure  # noqa: F401, PLC0415 - loads while the others read
        yield first
        yield from results


def _by_id(item: Dialogue | Scenario | Moment) -> str:
    return str(item.id)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
