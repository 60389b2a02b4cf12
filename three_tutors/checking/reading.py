"""Turn one YAML file or one line of JSON Lines into a dialogue or scenario, as far as its shape allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from three_tutors.checking import json_source, yaml_source
from three_tutors.checking.files import DataFile, contents, decode, lines, whole
from three_tutors.checking.finding import Finding, Source, quoted
from three_tutors.checking.schema import OPENING
from three_tutors.checking.shape import DIALOGUE, MOMENT, PAIR, SCENARIO, Shape, keys_of, kind_of
from three_tutors.checking.yaml_source import Place, SourceError, Tree
from three_tutors.scale.blocks import Block
from three_tutors.tutoring.dialogue import ARC, Dialogue, Lesson, Origin
from three_tutors.tutoring.duplicates import NO_TRIPLES, Triples
from three_tutors.tutoring.fields import fields
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario

_KEYS = DIALOGUE.names | SCENARIO.names | MOMENT.names | PAIR.names
_UNNAMED = {
    "misconception": ("W116", "no misconception is named"),
    "answer": ("W117", "no answer is named, so nothing watches over it"),
}
"""What a dialogue may leave out but should not. Only here does `answer: []` differ from a missing `answer`."""
_HIDES = re.compile(r"\\[ubf]")
"""The escapes of JSON that can stand for a character which has no place in a dialogue."""
_NAMES_SCHEMA = re.compile(r"# yaml-language-server: \$schema=\S+")


@dataclass
class Entry:
    """One dialogue, scenario or moment as written; what is missing is empty, also where it must not be."""

    source: Source
    item: Dialogue | Scenario | Moment | None
    """None where nothing could be read."""
    opening: str = OPENING.missing
    """Who speaks first, as the file says."""
    folder: str | None = None
    """Subject folder the file lies in, where it says one."""
    findings: list[Finding] = field(default_factory=list)
    triples: Triples = field(default_factory=lambda: NO_TRIPLES)
    """Word triples of all turns, for finding what is alike."""
    tree: Tree | None = None
    """As read from YAML, for whoever looks for places."""
    text: str = ""
    """As read from JSON, for the same."""

    @property
    def name(self) -> str:
        """The id; empty where there is none."""
        return self.item.id if self.item else ""


def read(file: DataFile, block: Block | None = None) -> Iterator[Entry]:
    """Yield what `file` holds: one entry, or one for each line of `block` (by default the file) where it has one dialogue a line.

    Lines and offsets are those of the block.
    """
    source = Source(file.shown)
    if not file.is_jsonl:
        try:
            yield read_yaml(file, contents(file.path))
        except SourceError as error:
            yield _refused(source, error)
        return
    try:
        for number, offset, data in lines(block or whole(file.path)):
            yield read_line(file, Source(file.shown, number, offset, len(data)), data)
    except OSError as error:
        yield Entry(source, None, findings=[Finding(source, "E001", f"cannot be read: {error.strerror}", place=(1, 1))])


def read_line(file: DataFile, source: Source, data: bytes) -> Entry:
    """Return what one line of a JSON Lines file holds."""
    try:
        text = decode(data, source.line)
        value, twice = json_source.parse(text, source.line)
    except SourceError as error:
        return _refused(source, error)
    entry = _entry(value, source, file, escapes="\\" in text and bool(_HIDES.search(text)))
    entry.text = text
    if twice:
        entry.findings += [_repeated(source, *one) for one in json_source.tree(text, source.line).repeated]
    return entry


def read_yaml(file: DataFile, data: bytes) -> Entry:
    """Return what a YAML file with these bytes holds."""
    source = Source(file.shown)
    try:
        text = decode(data)
        tree = yaml_source.parse(text)
    except SourceError as error:
        return _refused(source, error)
    entry = _entry(tree.value, source, file, escapes="\\" in text)
    entry.findings += [_repeated(source, *one) for one in tree.repeated]
    entry.tree = tree
    if not _NAMES_SCHEMA.match(text):
        entry.findings.append(Finding(source, "W011", "the first line names no schema", place=(1, 1)))
    return entry


def _refused(source: Source, error: SourceError) -> Entry:
    return Entry(source, None, findings=[Finding(source, error.code, error.message, place=error.place)])


def places(file: FilePath, source: Source, opened: BinaryIO | None = None) -> Tree:
    """Return `source` read again with every place, from `opened` where the file is; empty where it cannot be read any more."""
    try:
        if source.length < 0:
            return yaml_source.parse(decode(contents(file))).locate()
        with nullcontext(opened) if opened else file.open("rb") as stream:
            stream.seek(source.offset)
            text = decode(stream.read(source.length), source.line)
        json_source.parse(text, source.line)
        return json_source.tree(text, source.line)
    except (SourceError, OSError):
        return Tree()


def _repeated(source: Source, key: str, place: Place) -> Finding:
    return Finding(source, "E007", f"{quoted(key)} is written twice", place=place)


def _entry(value: Any, source: Source, file: DataFile, *, escapes: bool) -> Entry:  # noqa: ANN401 - a tree holds anything
    shape = Shape(source, escapes)
    if not isinstance(value, dict) or _KEYS.isdisjoint(value):
        found = keys_of(value) if isinstance(value, dict) else kind_of(value)
        # The whole line is meant; a file of thousands of such lines need not be opened for each.
        place = (source.line, 1) if source.length >= 0 else None
        return Entry(source, None, findings=[Finding(source, "E103", f"expected keys such as id and turns, found {found}", place=place)])
    scenario = file.holds == "scenarios" or (not file.holds and "kind" in value)
    if file.holds == "moments" or (not file.holds and not {"replies", "sides"}.isdisjoint(value)):
        return _moment(value, source, shape)
    head = shape.fields(value, SCENARIO if scenario else DIALOGUE, ())
    turns = shape.listed(value, "turns")
    if scenario:
        turns = [shape.scripted(turn, ("turns", index)) for index, turn in enumerate(turns)]
    else:
        turns = [shape.turn(turn, ("turns", index)) for index, turn in enumerate(turns)]
    if any(finding.code == "E003" for finding in shape.findings):
        return Entry(source, None, findings=shape.findings)
    lesson = Lesson(**{field.name: head[field.name] for field in fields(Lesson)})
    folder = file.path.parent.name if not file.is_jsonl and file.holds == "dialogues" and file.path.parent.name != "dialogues" else None
    item: Dialogue | Scenario
    if scenario:
        item = Scenario(head["id"], head["kind"], lesson, tuple(turns), str(source))
    else:
        origin = Origin(**{field.name: head[field.name] for field in fields(Origin)})
        arc: dict[str, Any] = {name: head[name] for name in ARC}
        item = Dialogue(head["id"], lesson, tuple(turns), str(source), **arc, origin=origin)
        shape.findings += [Finding(source, *note) for name, note in _UNNAMED.items() if name not in value]
    return Entry(source, item, head.get("opening", OPENING.missing), folder, shape.findings)


def _moment(value: dict[str, Any], source: Source, shape: Shape) -> Entry:
    """Return a moment or a pair as written; a file with `sides` or `pair` is a pair."""
    is_pair = not {"sides", "pair"}.isdisjoint(value)
    head = shape.fields(value, PAIR if is_pair else MOMENT, ())
    if is_pair:
        sides = [shape.side(side, ("sides", index)) for index, side in enumerate(shape.listed(value, "sides", wanted=2))]
    else:
        sides = [shape.side(value, ())]
    if any(finding.code == "E003" for finding in shape.findings):
        return Entry(source, None, findings=shape.findings)
    lesson = Lesson(**{field.name: head[field.name] for field in fields(Lesson)})
    origin = Origin(**{field.name: head[field.name] for field in fields(Origin)})
    item = Moment(head["id"], lesson, tuple(sides), str(source), head.get("pair", ""), head.get("theme", ""), origin)
    return Entry(source, item, findings=shape.findings)
