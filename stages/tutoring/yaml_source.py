"""Read one YAML file event by event: every value with its line and column, nothing that YAML would interpret.

Text stays text (`no`, `12:30` and `010` are no booleans or numbers here), a key written twice is seen, and what could
hurt (nesting, aliases, tags) is refused before anything is built: libyaml's composer overflows the stack on deep nesting,
its event parser does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out

from stages.tutoring.finding import Path, printable

DEEPEST = 16
"""Levels of nesting; a scenario has six."""

Place = tuple[int, int]


class Plain(str):
    """A scalar written without quotes: the only kind that may be a number."""

    __slots__ = ()


class SourceError(Exception):
    """The text cannot be read at all; carries a code, a sentence and the place."""

    def __init__(self, code: str, message: str, place: Place) -> None:
        """Keep code, sentence and place (line, column from 1)."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place


@dataclass
class Tree:
    """A value of mappings, lists and strings, with the place of every value and key."""

    value: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    repeated: list[Path] = field(default_factory=list)
    """Keys written twice, at the place of the second."""


def parse(text: str) -> Tree:
    """Return the one document in `text`.

    Raises:
        SourceError: not YAML, nested too deeply, more than plain YAML, or empty.

    """
    parser = CParser(text)
    tree = Tree()
    try:
        while True:
            event = parser.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                raise SourceError("E009", "the file holds nothing", (1, 1))
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version or event.tags:
                    raise SourceError("E005", "a directive is not plain YAML", _place(event))
                break
        tree.value = _value(parser, parser.get_event(), (), tree)
        parser.get_event()
        after = parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise SourceError("E005", "a second document begins here", _place(after))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SourceError("E004", printable(error.problem or "not valid YAML"), place) from None
    except yaml.reader.ReaderError as error:
        raise SourceError("E003", f"U+{ord(str(error.character)[:1] or ' '):04X} is not allowed in YAML", (1, 1)) from None
    return tree


def _value(parser: Any, event: Any, path: Path, tree: Tree) -> Any:  # noqa: ANN401 - PyYAML types neither, a tree holds anything
    """Build the value that `event` begins; recursion is bounded by `DEEPEST`."""
    kind = type(event)
    if kind is yaml.AliasEvent or event.anchor is not None:
        raise SourceError("E005", "anchors and aliases are not plain YAML", _place(event))
    if event.tag is not None:
        raise SourceError("E005", f"the tag {printable(event.tag)} is not plain YAML", _place(event))
    mark = event.start_mark
    tree.values[path] = (mark.line + 1, mark.column + 1)
    if kind is yaml.ScalarEvent:
        return Plain(event.value) if event.implicit[0] else event.value
    if len(path) >= DEEPEST:
        raise SourceError("E006", f"nested more than {DEEPEST} levels deep", _place(event))
    if kind is yaml.SequenceStartEvent:
        return _sequence(parser, path, tree)
    return _mapping(parser, path, tree)


def _sequence(parser: Any, path: Path, tree: Tree) -> list[Any]:  # noqa: ANN401
    values: list[Any] = []
    while True:
        event = parser.get_event()
        if type(event) is yaml.SequenceEndEvent:
            return values
        values.append(_value(parser, event, (*path, len(values)), tree))


def _mapping(parser: Any, path: Path, tree: Tree) -> dict[str, Any]:  # noqa: ANN401
    values: dict[str, Any] = {}
    while True:
        event = parser.get_event()
        if type(event) is yaml.MappingEndEvent:
            return values
        if type(event) is not yaml.ScalarEvent:
            raise SourceError("E004", "a key must be a word", _place(event))
        if event.anchor is not None or event.tag is not None:
            raise SourceError("E005", "anchors and tags are not plain YAML", _place(event))
        key = event.value
        here = (*path, key)
        if key in values:
            tree.repeated.append(here)
        tree.keys[here] = _place(event)
        values[key] = _value(parser, parser.get_event(), here, tree)


def _place(event: Any) -> Place:  # noqa: ANN401
    return event.start_mark.line + 1, event.start_mark.column + 1
