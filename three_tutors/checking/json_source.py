"""Read one JSON value with the place of every value and key: for JSON Lines, where a dialogue is one line.

The standard library parses; only where something was found is the text walked again for line and column.
"""

from __future__ import annotations

import json
import re
from typing import Any

from three_tutors.checking.yaml_source import SourceError, Tree
from three_tutors.pipeline import json_values
from three_tutors.pipeline.text import UnreadableError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^\s,\[\]{}:"]+')


class _Repeated(dict[str, Any]):
    """A mapping that was written with a key twice."""


def parse(text: str, line: int) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return the value in `text`, which is line `line` of its file.

    Raises:
        SourceError: not JSON, or a value that nothing could be done with.

    """
    try:
        return json_values.parse(text, _mapping)
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


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Repeated(values)


def has_repeated_key(value: Any) -> bool:  # noqa: ANN401
    """Return whether any mapping of `value` was written with a key twice."""
    if isinstance(value, dict):
        return isinstance(value, _Repeated) or any(has_repeated_key(item) for item in value.values())
    return isinstance(value, list) and any(has_repeated_key(item) for item in value)
