"""Read one JSON value with the place of every value and key: for JSON Lines, where a dialogue is one line.

The standard library parses; only where something was found is the text walked again for line and column, and of that only
what leads there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from three_tutors.checking.finding import Path
from three_tutors.checking.yaml_source import SourceError, Tree
from three_tutors.pipeline import json_values
from three_tutors.pipeline.text import UnreadableError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^\s,\[\]{}:"]+')
_BETWEEN = re.compile(r"[\s:\ufeff]*")
_read = json.JSONDecoder().raw_decode


class _TwiceError(Exception):
    """A key was written twice in one mapping."""


def parse(text: str, line: int) -> tuple[Any, bool]:
    """Return the value in `text`, which is line `line` of its file, and whether a key in it was written twice: the last one counts.

    Raises:
        SourceError: not JSON, or a value that nothing could be done with.

    """
    try:
        try:
            return json_values.parse(text, _mapping), False
        except _TwiceError:
            return json_values.parse(text, dict), True
    except UnreadableError as error:
        code = {"depth": "E006", "half": "E003"}.get(error.reason, "E004")
        raise SourceError(code, error.message, (line, error.column)) from None


def tree(text: str, line: int) -> Tree:
    """Return the place of every value and key in `text`, which is valid JSON; the value itself is left out."""
    into = Tree()
    path: list[str | int] = []
    seen: list[set[str] | None] = []  # of each open object its keys, None for a list
    expects_key = False
    for match in _TOKEN.finditer(text):
        mark, place = match.group(), (line, match.start() + 1)
        if mark == ",":
            expects_key = seen[-1] is not None
            if not expects_key:
                path[-1] += 1  # type: ignore[operator]  # a list's step is a number
        elif mark in "]}":
            del seen[-1], path[-1]
            expects_key = False
        elif expects_key:
            key = json.loads(mark) if "\\" in mark else mark[1:-1]
            path[-1] = key
            here = tuple(path)
            if key in seen[-1]:  # type: ignore[operator]  # keys stand in objects only
                into.repeated.append((key, place))
            seen[-1].add(key)  # type: ignore[union-attr]
            into.keys[here] = place
            expects_key = False
        else:
            into.values[tuple(path)] = place
            if mark in "[{":
                expects_key = mark == "{"
                seen.append(set() if expects_key else None)
                path.append("" if expects_key else 0)
    return into


def places(text: str, line: int, wanted: Collection[Path]) -> Tree:
    """Return of `tree` the places on the ways to those `wanted`; what lies beside is passed over, which takes a tenth of the time."""
    walk = _Walk(text, line, {way[:length] for way in wanted for length in range(len(way) + 1)})
    walk.value(walk.next(0), ())
    return walk.into


class _Walk:
    """Walks through a valid text, on some ways only."""

    def __init__(self, text: str, line: int, ways: Collection[Path]) -> None:
        self.text, self.line, self.ways, self.into = text, line, ways, Tree()

    def value(self, at: int, path: Path) -> int:
        """Note the place of the value at `at`, and of what in it is on one of the ways; return where the value ends."""
        text = self.text
        self.into.values[path] = (self.line, at + 1)
        opening = text[at]
        if opening not in "[{":
            return _read(text, at)[1]
        at, number = self.next(at + 1), 0
        while text[at] not in "]}":
            here: Path = (*path, number)
            if opening == "{":
                begins = at
                key, at = _read(text, at)
                at, here = self.next(at), (*path, key)
                if here in self.ways:
                    self.into.keys[here] = (self.line, begins + 1)
            at = self.next(self.value(at, here) if here in self.ways else _read(text, at)[1])
            if text[at] == ",":
                at = self.next(at + 1)
            number += 1
        return at + 1

    def next(self, at: int) -> int:
        """Return where the next sign stands that is neither white space nor a colon."""
        return _BETWEEN.match(self.text, at).end()  # type: ignore[union-attr]  # it matches nothing, too


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _TwiceError
    return values
