"""What has to be known of a batch beside the others: who is there, how it begins and ends, and whose words it says.

A sheet is held in memory for the files of one author, or read from the shard of its batch: then only 25 bytes a dialogue are held.
"""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from three_tutors.checking.exam import Asked, Met
from three_tutors.checking.finding import Source
from three_tutors.checking.inspecting import Inspected
from three_tutors.checking.reading import Entry
from three_tutors.checking.tally import tallied
from three_tutors.pipeline.records import write_chunks
from three_tutors.scale.alike import triples_of
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.duplicates import Triples
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario

KINDS = (Dialogue, Scenario, Moment)
CLOSING_WORDS = 3
"""Shorter openings and closings, such as a bare "idk", may occur twice."""
ROW = np.dtype([("kind", "u1"), ("id", "<u8"), ("opening", "<u8"), ("closing", "<u8")])
"""Of an entry that is compared: the number of its kind, and the digests of its id, first and last turn; 0 where there is none."""
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’…–—")


class Head(NamedTuple):
    """What is told of an entry when another one is like it."""

    name: str
    source: Source
    turns: int
    sides: int
    subject: str
    topic: str
    misconception: str


@dataclass(frozen=True)
class Sheet:
    """One batch beside the others."""

    files: Sequence[str]
    """Those that hold something."""
    counts: Mapping[str, Mapping[str, int]]
    """The record of its `Tally`."""
    folders: Sequence[str]
    """Of the dialogues' files."""
    rows: Any
    """One `ROW` an entry that is compared."""
    met: Sequence[Met]
    head_of: Callable[[int], Head]
    triples_of: Callable[[int], Triples]
    lines: int = 0
    """Of its block; 0 where it has none."""
    before: tuple[int, int] = (0, 0)
    """Lines and bytes of the file that stand before its block."""

    def head(self, place: int) -> Head:
        """Return what is told of an entry, with its line in the whole file."""
        head = self.head_of(place)
        return head._replace(source=moved(head.source, self.before))

    def asked(self, kind: type) -> list[Asked]:
        """Return the scenarios, or moments, as those that may give them away are held against them."""
        found = []
        for place in np.flatnonzero(self.rows["kind"] == KINDS.index(kind)).tolist():
            head = self.head(place)
            found.append(Asked(*head[:2], head.subject, head.topic, head.misconception, head.sides, self.triples_of(place)))
        return found


def moved(source: Source, before: tuple[int, int]) -> Source:
    """Return where something stands in a file, of which so many lines and bytes come before its block."""
    return source if before == (0, 0) else replace(source, line=source.line + before[0], offset=source.offset + before[1])


def in_memory(inspected: Inspected) -> Sheet:
    """Return the sheet of a batch whose entries are held."""
    entries = inspected.compared
    return Sheet(
        inspected.files,
        tallied(entry.item for entry in inspected.entries if entry.item).to_record(),
        sorted({entry.source.file.rpartition("/")[0] for entry in entries if isinstance(entry.item, Dialogue)}),
        np.array([_row(entry) for entry in entries], ROW),
        inspected.met,
        lambda place: _head(entries[place]),
        lambda place: entries[place].triples,
    )


def write(folder: Path, sheet: Sheet) -> dict[str, Any]:
    """Write a sheet into its shard, all but the triples; return its summary."""
    sheet.rows.tofile(folder / "rows.bin")
    heads = (sheet.head_of(place) for place in range(len(sheet.rows)))
    plain = ((head.name, head.source.file, head.source.line, head.source.offset, head.source.length, *head[2:]) for head in heads)
    write_chunks(folder / "heads.jsonl", (json.dumps(row).encode() + b"\n" for row in plain))
    return {"files": sheet.files, "counts": sheet.counts, "folders": sheet.folders, "met": sheet.met, "lines": sheet.lines}


def read(folder: Path, summary: Mapping[str, Any]) -> Sheet:
    """Return the sheet that `write` left in a shard."""
    return Sheet(
        summary["files"],
        summary["counts"],
        summary["folders"],
        np.fromfile(folder / "rows.bin", ROW),
        [Met(*one) for one in summary["met"]],
        lambda place: _read_head(folder, place),
        lambda place: triples_of(folder, place),
        summary["lines"],
    )


@lru_cache(maxsize=32)
def _heads(folder: Path) -> list[bytes]:
    return (folder / "heads.jsonl").read_bytes().splitlines()


def _read_head(folder: Path, place: int) -> Head:
    name, file, line, offset, length, *rest = json.loads(_heads(folder)[place])
    return Head(name, Source(file, line, offset, length), *rest)


def _head(entry: Entry) -> Head:
    item: Any = entry.item
    sides = len(item.sides) if isinstance(item, Moment) else 1
    about = ("", "", "") if isinstance(item, Dialogue) else (item.lesson.subject, item.lesson.topic, item.lesson.misconception)
    return Head(entry.name, entry.source, len(item.turns), sides, *about)


def _row(entry: Entry) -> tuple[int, int, int, int]:
    item: Any = entry.item
    ends = (_end(item.turns[0].text), _end(item.turns[-1].text)) if isinstance(item, Dialogue) else (0, 0)
    return next(number for number, kind in enumerate(KINDS) if isinstance(item, kind)), _digest(entry.name), *ends


def _end(text: str) -> int:
    """Return the digest of the words of a turn, whatever their case and punctuation; 0 where they are few."""
    said = text.lower().translate(_PUNCTUATION).split()
    return _digest(" ".join(said)) if len(said) >= CLOSING_WORDS else 0


def _digest(text: str) -> int:
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
