"""The gate for more dialogues than fit in memory: batch by batch, each leaving a shard, and what is combined from their summaries.

The verdict is that of `gate.check`, which holds everything: both call `inspect` for each batch and `corpus` for what lies between.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from three_tutors.checking import corpus, sheet
from three_tutors.checking.batches import Batch, batches
from three_tutors.checking.codes import CODES
from three_tutors.checking.corpus import Corpus
from three_tutors.checking.exam import Exam
from three_tutors.checking.files import find
from three_tutors.checking.gate import IN_ORDER, as_problem, empty, is_taught, located
from three_tutors.checking.inspecting import Limits, inspect
from three_tutors.checking.sheet import KINDS, Sheet
from three_tutors.checking.tally import Tally, total
from three_tutors.checking.told import Told
from three_tutors.pipeline.diagnostics import Problem
from three_tutors.pipeline.records import Record, write_chunks
from three_tutors.scale import alike, blocks, shards
from three_tutors.scale.alike import Texts
from three_tutors.scale.engine import ALONE, Engine, mapped
from three_tutors.scale.merging import Keyed, merged
from three_tutors.scale.shards import Shard
from three_tutors.tutoring.duplicates import Pair, Whole
from three_tutors.tutoring.splits import Split

ROOMS = ("checking", "pipeline", "scale", "scoring", "tutoring")
"""Whose code makes a shard what it is."""


@dataclass(frozen=True)
class Gathering:
    """What the gate says about a set of files, and where the records lie."""

    tally: Tally
    told: Told
    """Counts every problem."""
    problems: list[Problem]
    """Those that are told one by one, sorted by file, line and column."""
    parts: list[tuple[Shard, int | None]]
    """The shards, each with the lines of its file before its block; None where it is made of whole files."""

    @property
    def summary(self) -> str:
        """What was read and found, as a sentence."""
        return self.tally.said(self.told.errors, self.told.counts.total() - self.told.errors)

    def records(self, kind: type) -> Iterator[bytes]:
        """Yield the lines of all dialogues, scenarios or moments, sorted by id; whole only where there are no errors."""
        files = ((shard.folder / _name(kind), before) for shard, before in self.parts)
        return merged([_keyed(path, before) for path, before in files if path.exists()])


def gather(
    paths: Sequence[Path], limits: Limits, splits: Mapping[str, Split], under: Path, *, how: Engine = ALONE, most: int = 0
) -> Gathering:
    """Check everything at and under `paths`, as `gate.check` does.

    Args:
        paths: files and folders.
        limits: what is let through.
        splits: where a dialogue was dealt before.
        under: the folder for the shards; those in it that are not needed are deleted.
        how: who checks the batches.
        most: how many problems of one code in one file are told one by one, and one more; 0 is all.

    """
    files, findings = find(paths)
    planned = list(batches(files))
    how = how.worth(sum(batch.size for batch in planned))
    first = [batch for batch in planned if not is_taught(batch)]
    read = dict(zip(first, mapped(partial(inspected, limits=limits, exam=Exam(), under=under), first, how), strict=True))
    used = [shard.folder for shard in read.values()]
    exam = Corpus([one for one, _ in _sheets(read, first)]).asked()
    second = [batch for batch in planned if is_taught(batch) or (exam.digest and read[batch].summary["counts"]["items"].get("dialogues"))]
    read.update(zip(second, mapped(partial(inspected, limits=limits, exam=exam, under=under), second, how), strict=True))
    shards.prune(under, {*used, *(shard.folder for shard in read.values())})

    sheets = list(_sheets(read, planned))
    told = Told(most)
    findings += empty(files, {name for one, _ in sheets for name in one.files})
    problems = [as_problem(finding) for finding in findings if told.keep(finding.source.file, finding.code, finding.source.line)]
    for one, shard in sheets:
        problems += _problems(shard, one.before[0], told)
    known = Corpus([one for one, _ in sheets])

    def pairs(positions: Sequence[Whole], threshold: float) -> list[Pair]:
        return alike.pairs([Texts(shard.folder, some) for (_, shard), some in zip(sheets, positions, strict=True)], threshold, how)

    notes = corpus.notes(known, exam, pairs, splits=splits, near_duplicate=limits.near_duplicate, told=told)
    problems += located(list(notes), files)
    parts = [(shard, one.before[0] if batch.block else None) for batch, (one, shard) in zip(planned, sheets, strict=True)]
    return Gathering(total(one.counts for one, _ in sheets), told, sorted(problems, key=IN_ORDER), parts)


def inspected(batch: Batch, limits: Limits, exam: Exam, under: Path) -> Shard:
    """Check one batch and leave a shard with its records, problems, sheet and triples."""
    name = shards.key("gate", batch.digest(), shards.code(*ROOMS), asdict(limits), exam.digest)
    return shards.made(under, name, partial(_write, batch, limits, exam))


def _write(batch: Batch, limits: Limits, exam: Exam, folder: Path) -> dict[str, Any]:
    found = inspect(batch, limits, exam)
    lines = sum(data.count(b"\n") for data in blocks.chunks(batch.block)) if batch.block and batch.block.size else 0
    problems = sorted(map(as_problem, found.findings), key=IN_ORDER)
    rows = ((problem.path, problem.line, problem.column, problem.code, problem.message) for problem in problems)
    write_chunks(folder / "problems.jsonl", (json.dumps(row).encode() + b"\n" for row in rows))
    alike.write(folder, [entry.triples for entry in found.compared])
    if not any(problem.severity == "error" for problem in problems):  # with one, nothing at all is gathered
        for kind in KINDS:
            items = sorted((entry.item for entry in found.entries if isinstance(entry.item, kind)), key=lambda item: item.id)
            if items:
                write_chunks(folder / _name(kind), (_line(item.to_record()) for item in items))
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for problem in problems:
        counts[problem.path, problem.code] += 1
    return {
        **sheet.write(folder, replace(sheet.in_memory(found), lines=lines)),
        "problems": [[*key, count] for key, count in counts.items()],
    }


def _sheets(read: Mapping[Batch, Shard], planned: Iterable[Batch]) -> Iterator[tuple[Sheet, Shard]]:
    """Yield the sheet of each batch, with the lines and bytes before its block, and its shard."""
    before = 0
    for batch in planned:
        shard = read[batch]
        one = sheet.read(shard.folder, shard.summary)
        if batch.block:
            before = 0 if batch.block.start == 0 else before
            one = replace(one, before=(before, batch.block.start))
            before += one.lines
        yield one, shard


def _problems(shard: Shard, before: int, told: Told) -> Iterator[Problem]:
    """Yield the problems of a shard that are told one by one, and count all."""
    found = {(file, code): count for file, code, count in shard.summary["problems"]}
    if not found or told.skip(found):
        return
    for row in (shard.folder / "problems.jsonl").read_bytes().splitlines():
        path, line, column, code, message = json.loads(row)
        if told.keep(path, code, before + line):
            yield Problem(path, before + line, column, code, message, CODES[code].hint)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _line(record: Record) -> bytes:
    """Return a record as `write_jsonl` writes it; here without its library, because `.ci/gate` brings few."""
    return _ENCODER.encode(record).encode() + b"\n"


def _name(kind: type) -> str:
    return f"{kind.__name__.lower()}s.jsonl"


def _keyed(path: Path, before: int | None) -> Iterator[Keyed]:
    """Yield the lines of a shard's records by their ids; the source of one that stood in a block gets its line in the whole file."""
    opening = len(b'{"id":"')
    with path.open("rb") as file:
        for line in file:
            key = line[opening : line.index(b'"', opening)]
            if before:
                said, _, number = line.rstrip(b'"}\n').rpartition(b":")
                line = b'%s:%d"}\n' % (said, int(number) + before)  # noqa: PLW2901 - the same line
            yield key, line
