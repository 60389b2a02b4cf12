"""Read one YAML file event by event: every value with its line and column, nothing that YAML would interpret.

Text stays text (`no`, `12:30` and `010` are no booleans or numbers here), a key written twice is seen, and what could
hurt (nesting, aliases, tags) is refused before anything is built: libyaml's composer overflows the stack on deep nesting,
its event parser does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out

from three_tutors.checking.finding import Path, printable, quoted

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
    repeated: list[tuple[str, Place]] = field(default_factory=list)
    """Keys written twice, with the place of the second."""
    marks: list[Any] = field(default_factory=list)
    """The parser's mark of every value and key in the order of the text; turning them into places waits until one is asked for."""

    def locate(self) -> Tree:
        """Return the tree with every place, which the marks tell."""
        marks = iter(self.marks)

        def walk(value: Any, path: Path) -> None:  # noqa: ANN401 - a tree holds anything
            self.values[path] = _at(next(marks))
            if isinstance(value, dict):
                for key, item in value.items():
                    self.keys[*path, key] = _at(next(marks))
                    walk(item, (*path, key))
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    walk(item, (*path, index))

        walk(self.value, ())
        return self


def parse(text: str) -> Tree:
    """Return the one document in `text`; of a key written twice the first value is kept.

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
        tree.value = _value(parser.get_event, parser.get_event(), 0, tree)
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


def _value(get_event: Callable[[], Any], event: Any, depth: int, tree: Tree) -> Any:  # noqa: ANN401 - a tree holds anything
    """Build the value that `event` begins; recursion is bounded by `DEEPEST`."""
    kind = type(event)
    if kind is yaml.AliasEvent or event.anchor is not None:
        raise SourceError("E005", "anchors and aliases are not plain YAML", _place(event))
    if event.tag is not None:
        raise SourceError("E005", f"the tag {quoted(event.tag)} is not plain YAML", _place(event))
    tree.marks.append(event.start_mark)
    if kind is yaml.ScalarEvent:
        return Plain(event.value) if event.implicit[0] else event.value
    if depth >= DEEPEST:
        raise SourceError("E006", f"nested more than {DEEPEST} levels deep", _place(event))
    if kind is yaml.SequenceStartEvent:
        values: list[Any] = []
        while type(event := get_event()) is not yaml.SequenceEndEvent:
            values.append(_value(get_event, event, depth + 1, tree))
        return values
    return _mapping(get_event, depth + 1, tree)


def _mapping(get_event: Callable[[], Any], depth: int, tree: Tree) -> dict[str, Any]:
    values: dict[str, Any] = {}
    while type(event := get_event()) is not yaml.MappingEndEvent:
        if type(event) is not yaml.ScalarEvent:
            raise SourceError("E004", "a key must be a word", _place(event))
        if event.anchor is not None or event.tag is not None:
            raise SourceError("E005", "anchors and tags are not plain YAML", _place(event))
        key, known = event.value, len(tree.marks)
        tree.marks.append(event.start_mark)
        value = _value(get_event, get_event(), depth, tree)
        if key in values:
            tree.repeated.append((key, _place(event)))
            del tree.marks[known:]
        else:
            values[key] = value
    return values


def _place(event: Any) -> Place:  # noqa: ANN401
    return _at(event.start_mark)


def _at(mark: Any) -> Place:  # noqa: ANN401
    return mark.line + 1, mark.column + 1
