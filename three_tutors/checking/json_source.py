"""Read one JSON value with the place of every value and key: for JSON Lines, where a dialogue is one line.

The standard library parses; only where something was found does `places` walk the text again for line and column.
"""

from __future__ import annotations

import json
import re
from typing import Any

from three_tutors.checking.finding import Path
from three_tutors.checking.yaml_source import SourceError, Tree
from three_tutors.pipeline import json_values
from three_tutors.pipeline.text import UnreadableError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BARE = re.compile(r"[^\s,\[\]{}:\"]+")


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
    """Return the value in `text` with the place of every value and key."""
    walked = Tree()
    _walk(text, 0, (), walked, line)
    walked.value = parse(text, line)
    return walked


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Repeated(values)


def has_repeated_key(value: Any) -> bool:  # noqa: ANN401
    """Return whether any mapping of `value` was written with a key twice."""
    if isinstance(value, dict):
        return isinstance(value, _Repeated) or any(has_repeated_key(item) for item in value.values())
    return isinstance(value, list) and any(has_repeated_key(item) for item in value)


def _walk(text: str, at: int, path: Path, into: Tree, line: int) -> int:
    """Note the place of the value that begins at or after `at`; return where it ends. `text` is valid JSON."""
    at = _skip(text, at)
    into.values[path] = (line, at + 1)
    if text[at] == '"':
        match = _STRING.match(text, at)
        return match.end() if match else len(text)
    if text[at] not in "[{":
        match = _BARE.match(text, at)
        return match.end() if match else len(text)
    end, index = "]" if text[at] == "[" else "}", 0
    at = _skip(text, at + 1)
    seen: set[str] = set()
    while text[at] != end:
        here: Path = (*path, index)
        if end == "}":
            match = _STRING.match(text, at)
            key = json.loads(match.group()) if match else ""
            here = (*path, key)
            if key in seen:
                into.repeated.append(here)
            seen.add(key)
            into.keys[here] = (line, at + 1)
            at = _skip(text, match.end() if match else len(text)) + 1
        at = _skip(text, _walk(text, at, here, into, line))
        index += 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
