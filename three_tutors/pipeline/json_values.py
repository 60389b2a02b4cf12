"""Read JSON strictly: every value that is read here can be computed with, stored and written again.

Python reads more than JSON (NaN), more than a computer's numbers (integers of thousands of digits, `1e999` as infinity),
half characters from escapes, and it silently keeps the last of two equal keys. All of that is refused here, with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from three_tutors.pipeline.text import UnreadableError, decode, lines

DEEPEST = 64
"""Levels of nesting. Python's own limit depends on who calls, and a value just below it cannot be written again."""
MOST_DIGITS = 300
"""Digits of a whole number; with a few more it no longer fits a float. Each field sets its own, narrower limits."""

Pairs = list[tuple[str, Any]]

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_HALF_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL)
_TOKEN = re.compile(rf"{_STRING.pattern}|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity", re.DOTALL)
_LONGEST_SHOWN = 20


def parse(text: str | bytes, mapping: Callable[[Pairs], dict[str, Any]] | None = None) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return the value in `text`. `mapping` makes an object of its keys and values; by default a key twice is refused.

    Raises:
        UnreadableError: not UTF-8, not JSON, or a value that nothing could be done with; says what, line and column.

    """
    if isinstance(text, bytes):
        text = decode(text)
    text = text.removeprefix("\ufeff")
    try:
        value = _decoder(mapping or _object).decode(text)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise UnreadableError("json", message, (error.lineno, error.colno)) from None
    except RecursionError:
        raise _too_deep(text) from None
    except _RefusedError as error:
        raise UnreadableError("json", error.message, error.place(text)) from None
    if text.count("[") + text.count("{") > DEEPEST and depth(text) > DEEPEST:
        raise _too_deep(text)
    if _HALF_ESCAPE.search(text):
        for match in _ESCAPE.finditer(text):
            if match[2]:
                message = f"\\u{match[2]} is half of a surrogate pair, which is no character"
                raise UnreadableError("half", message, _place(text, match.start()))
    return value


def parse_lines(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of every line of a JSON Lines file that is not blank.

    Raises:
        UnreadableError: as `parse`, with the line of the file.

    """
    for number, line in lines(data):
        try:
            yield number, parse(line)
        except UnreadableError as error:
            error.line = number
            raise


class _RefusedError(Exception):
    """A number, constant or key that is refused; `written` is its token, of which the one to blame is the `times`-th."""

    def __init__(self, message: str, written: str, times: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.written = written
        self.times = times

    def place(self, text: str) -> tuple[int, int]:
        tokens = (match for match in _TOKEN.finditer(text) if _same(match.group(), self.written))
        found = next(islice(tokens, self.times - 1, None), None)
        return _place(text, found.start() if found else 0)


def _same(token: str, other: str) -> bool:
    return token == other or (token[0] == other[0] == '"' and json.loads(token, strict=False) == json.loads(other))


def _whole(digits: str) -> int:
    count = len(digits.removeprefix("-"))
    if count > MOST_DIGITS:
        raise _RefusedError(f"the number {_short(digits)} has {count} digits, more than a computer keeps", digits)
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _RefusedError(f"the number {_short(digits)} is larger than a computer keeps", digits)
    return number


def _constant(name: str) -> float:
    raise _RefusedError(f"{name} is not JSON", name)


def _object(pairs: Pairs) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for index, name in enumerate(names) if name in names[:index])
        raise _RefusedError(f"the key {json.dumps(_short(name))} is written twice", json.dumps(name), times=2)
    return value


@cache
def _decoder(mapping: Callable[[Pairs], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=mapping, parse_int=_whole, parse_float=_decimal, parse_constant=_constant)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def depth(text: str) -> int:
    """Return the deepest nesting; brackets inside strings do not count."""
    deepest = level = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _too_deep(text: str) -> UnreadableError:
    depth = 0
    for match in re.finditer(f"{_STRING.pattern}|{_BRACKET.pattern}", text, re.DOTALL):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > DEEPEST:
            break
    return UnreadableError("depth", f"nested more than {DEEPEST} levels deep", _place(text, match.start()))


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
