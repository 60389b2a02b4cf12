"""Turn one YAML file or one line of JSON Lines into a dialogue or scenario, as far as its shape allows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from stages.tutoring import json_source, yaml_source
from stages.tutoring.characters import forbidden
from stages.tutoring.dialogue import SPEAKERS, Dialogue, Expectation, Lesson, Scenario, ScriptedTurn, Turn
from stages.tutoring.duplicates import Triples
from stages.tutoring.files import Block, DataFile, blocks, contents, decode, lines
from stages.tutoring.finding import Finding, Path, Source, quoted
from stages.tutoring.schema import (
    DIALOGUE_HEAD,
    EXPECT,
    LESSON,
    MOST_TURNS,
    SCENARIO_HEAD,
    SCRIPTED_TURN,
    STUDENT_TURN,
    TEACHER_TURN,
    Field,
)
from stages.tutoring.yaml_source import Plain, SourceError

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
MOST_UNKNOWN = 20
"""Unknown keys of one mapping that are listed; a file of thousands is no dialogue."""
_NAMES_SCHEMA = re.compile(r"# yaml-language-server: \$schema=\S+")


@dataclass
class Entry:
    """One dialogue or scenario as written. What is missing is None, until the frame has been checked."""

    source: Source
    item: Dialogue | Scenario | None
    """None where nothing could be read."""
    opening: str | None = None
    """Who speaks first, as the file says."""
    folder: str | None = None
    """Subject folder the file lies in, where it says one."""
    findings: list[Finding] = field(default_factory=list)
    triples: Triples = field(default_factory=lambda: np.empty(0, np.uint32))
    """Word triples of all turns, for finding what is alike."""

    @property
    def name(self) -> str:
        """The id; empty where there is none."""
        return (self.item.id or "") if self.item else ""

    def __reduce__(self) -> Any:  # noqa: ANN401 - what pickle takes
        """Go from one process to another as plain values, which takes a third of the time that objects take."""
        item = self.item
        if isinstance(item, Dialogue):
            turns = [(turn.speaker, turn.text, turn.strategy, turn.understanding, turn.weight) for turn in item.turns]
            plain: Any = (item.id, tuple(vars(item.lesson).values()), turns, item.source)
        else:
            plain = item
        source = (self.source.file, self.source.line, self.source.offset, self.source.length)
        return _entry_of, (source, plain, self.opening, self.folder, self.findings, self.triples.tobytes())


def _entry_of(source: Any, plain: Any, *rest: Any) -> Entry:  # noqa: ANN401
    """Undo `Entry.__reduce__`."""
    opening, folder, findings, triples = rest
    item = plain
    if isinstance(plain, tuple):
        name, lesson, turns, shown = plain
        item = Dialogue(name, Lesson(*lesson), tuple(Turn(*turn) for turn in turns), shown)
    return Entry(Source(*source), item, opening, folder, findings, np.frombuffer(triples, np.uint32))


def read(file: DataFile, block: Block | None = None) -> Iterator[Entry]:
    """Yield what `file` holds: one entry, or one for each line of `block` where it has one dialogue a line."""
    source = Source(file.shown)
    if not file.is_jsonl:
        try:
            yield read_yaml(file, contents(file.path))
        except SourceError as error:
            yield _refused(source, error)
        return
    try:
        for one in [block] if block else blocks(file.path):
            for number, offset, data in lines(file.path, one):
                yield read_line(file, Source(file.shown, number, offset, len(data)), data)
    except OSError as error:
        yield Entry(source, None, findings=[Finding(source, "E001", f"cannot be read: {error.strerror}", place=(1, 1))])


def read_line(file: DataFile, source: Source, data: bytes) -> Entry:
    """Return what one line of a JSON Lines file holds."""
    try:
        text = decode(data, source.line)
        value = json_source.parse(text, source.line)
    except SourceError as error:
        return _refused(source, error)
    entry = _entry(value, source, file, escapes="\\" in text)
    if json_source.has_repeated_key(value):
        entry.findings += [_repeated(source, path) for path in json_source.tree(text, source.line).repeated]
    return entry


def read_yaml(file: DataFile, data: bytes) -> Entry:
    """Return what a YAML file with these bytes holds."""
    source = Source(file.shown)
    try:
        text = decode(data)
        tree = yaml_source.parse(text, places=False)
    except SourceError as error:
        return _refused(source, error)
    entry = _entry(tree.value, source, file, escapes="\\" in text)
    if tree.repeated:
        entry.findings += [_repeated(source, path) for path in yaml_source.parse(text).repeated]
    if not _NAMES_SCHEMA.match(text):
        entry.findings.append(Finding(source, "W011", "the first line names no schema", place=(1, 1)))
    return entry


def _refused(source: Source, error: SourceError) -> Entry:
    return Entry(source, None, findings=[Finding(source, error.code, error.message, place=error.place)])


def places(file: FilePath, source: Source) -> yaml_source.Tree:
    """Read the text of `source` again and return it with every place; empty where it cannot be read any more."""
    try:
        if source.length < 0:
            return yaml_source.parse(decode(contents(file)))
        with file.open("rb") as opened:
            opened.seek(source.offset)
            return json_source.tree(decode(opened.read(source.length), source.line), source.line)
    except (SourceError, OSError):
        return yaml_source.Tree()


def _repeated(source: Source, path: Path) -> Finding:
    return Finding(source, "E007", f"{path[-1]} is written twice", path, key=True)


def _entry(value: Any, source: Source, file: DataFile, *, escapes: bool) -> Entry:  # noqa: ANN401 - a tree holds anything
    shape = _Shape(source, escapes)
    if not isinstance(value, dict):
        shape.note("E103", f"expected keys such as id and turns, found {_kind(value)}", ())
        return Entry(source, None, findings=shape.findings)
    scenario = file.holds == "scenarios" or (not file.holds and "kind" in value)
    head = shape.fields(value, _SCENARIO if scenario else _DIALOGUE, ())
    turns = shape.turns(value)
    if scenario:
        turns = [shape.scripted(turn, ("turns", index)) for index, turn in enumerate(turns)]
    else:
        turns = [shape.turn(turn, ("turns", index)) for index, turn in enumerate(turns)]
    if any(finding.code == "E003" for finding in shape.findings):
        return Entry(source, None, findings=shape.findings)
    lesson = Lesson(**{name.name: head[name.name] for name in LESSON})
    folder = file.path.parent.name if not file.is_jsonl and file.holds == "dialogues" and file.path.parent.name != "dialogues" else None
    item: Dialogue | Scenario
    if scenario:
        item = Scenario(head["id"], head["kind"], lesson, tuple(turns), str(source))
    else:
        item = Dialogue(head["id"], lesson, tuple(turns), str(source))
    return Entry(source, item, head.get("opening"), folder, shape.findings)


class _Keys:
    """The fields of one mapping, and the names of all keys it may have."""

    def __init__(self, fields: tuple[Field, ...], *others: str) -> None:
        self.fields = fields
        self.names = frozenset([*(field.name for field in fields), *others])


_DIALOGUE, _SCENARIO = _Keys(DIALOGUE_HEAD, "turns"), _Keys(SCENARIO_HEAD, "turns")
_STUDENT, _TEACHER, _SCRIPTED = _Keys(STUDENT_TURN), _Keys(TEACHER_TURN), _Keys(SCRIPTED_TURN, "expect")
_EXPECT = _Keys(EXPECT)
_USUAL_STUDENT, _USUAL_TEACHER = {"student", "understanding"}, {"teacher", "strategy"}


class _Shape:
    """Takes a tree apart; notes what has the wrong shape and goes on."""

    def __init__(self, source: Source, escapes: bool) -> None:
        self.source = source
        self.escapes = escapes
        """Whether a value may hold a character that the file's text does not show."""
        self.findings: list[Finding] = []

    def note(self, code: str, message: str, path: Path, *, key: bool = False) -> None:
        self.findings.append(Finding(self.source, code, message, path, key=key))

    def fields(self, value: Any, keys: _Keys, path: Path) -> dict[str, Any]:  # noqa: ANN401
        """Return the value of each field, None where it is missing or of the wrong type."""
        if not isinstance(value, dict):
            self.note("E103", f"expected keys such as {keys.fields[0].name}, found {_kind(value)}", path)
            value = {}
        if not keys.names.issuperset(value):
            self.unknown([key for key in value if key not in keys.names], keys, path)
        return {
            field.name: self.value(value[field.name], field, (*path, field.name)) if field.name in value else None for field in keys.fields
        }

    def unknown(self, unknown: list[str], keys: _Keys, path: Path) -> None:
        for key in unknown[:MOST_UNKNOWN]:
            close = difflib.get_close_matches(key[:40], keys.names, 1)
            self.note("E102", f"unknown key {quoted(key)}" + (f"; did you mean {close[0]}?" if close else ""), (*path, key), key=True)
        if len(unknown) > MOST_UNKNOWN:
            self.note("E102", f"{len(unknown)} unknown keys in all", path)

    def value(self, value: Any, field: Field, path: Path) -> Any:  # noqa: ANN401
        if field.kind == "text":
            return self.text(value, field.name, path)
        if field.kind == "whole":
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            if isinstance(value, Plain) and _WHOLE.fullmatch(value):
                return int(value)
            self.note("E103", f"{field.name} must be a whole number, not {_kind(value)}", path)
            return None
        if not isinstance(value, list):
            self.note("E103", f"{field.name} must be a list, not {_kind(value)}", path)
            return None
        texts = [self.text(item, f"an item of {field.name}", (*path, index)) for index, item in enumerate(value)]
        return tuple(text for text in texts if text is not None)

    def text(self, value: Any, name: str, path: Path) -> str | None:  # noqa: ANN401
        if not isinstance(value, str):
            self.note("E103", f"{name} must be text, not {_kind(value)}", path)
            return None
        bad = forbidden(value) if self.escapes else None
        if bad:
            self.note("E003", f"{name} contains {bad}", path)
            return None
        return value.strip()

    def turns(self, value: Any) -> list[Any]:  # noqa: ANN401
        turns = value.get("turns") if isinstance(value, dict) else None
        if isinstance(turns, list):
            if not turns:
                self.note("E106", "turns is empty", ("turns",))
            if len(turns) <= MOST_TURNS:
                return turns
            self.note("E106", f"number of turns is {len(turns)}, at most {MOST_TURNS} are allowed", ("turns",))
            return []
        if isinstance(value, dict) and "turns" in value:
            self.note("E103", f"turns must be a list, not {_kind(turns)}", ("turns",))
        elif isinstance(value, dict):
            self.note("E101", "turns is missing", ("turns",))
        return []

    def turn(self, value: Any, path: Path) -> Turn:  # noqa: ANN401
        """Return one turn of a dialogue; who speaks is the key its words stand under."""
        if isinstance(value, dict) and not self.escapes and all(isinstance(one, str) for one in value.values()):
            # Nearly every turn is one of these two, and nothing can be wrong with its shape.
            if value.keys() == _USUAL_STUDENT:
                return Turn("student", value["student"].strip(), None, value["understanding"].strip())
            if value.keys() == _USUAL_TEACHER:
                return Turn("teacher", value["teacher"].strip(), value["strategy"].strip())
        speakers: list[Any] = [speaker for speaker in SPEAKERS if isinstance(value, dict) and speaker in value]
        if isinstance(value, dict) and len(speakers) != 1:
            both = ", not both" if speakers else ""
            self.note("E103" if both else "E101", f"a turn has either student or teacher{both}", path)
            return Turn(None, None)  # type: ignore[arg-type]  # see Entry
        speaker = speakers[0] if speakers else None
        got = self.fields(value, _TEACHER if speaker == "teacher" else _STUDENT, path)
        weight = got.get("weight")
        return Turn(speaker, got.get(speaker), got.get("strategy"), got.get("understanding"), 1 if weight is None else weight)  # type: ignore[arg-type]

    def scripted(self, value: Any, path: Path) -> ScriptedTurn:  # noqa: ANN401
        got = self.fields(value, _SCRIPTED, path)
        here = (*path, "expect")
        if isinstance(value, dict) and "expect" not in value:
            self.note("E101", "expect is missing", here)
        expect = self.fields(value.get("expect", {}) if isinstance(value, dict) else {}, _EXPECT, here)
        lists = {name: expect[name] or () for name in ("must", "must_not", "mentions", "never_says")}
        return ScriptedTurn(got["student"], got["understanding"], Expectation(expect["note"], **lists))


def _kind(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else quoted(str(value))
