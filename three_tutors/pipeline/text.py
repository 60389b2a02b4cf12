"""Text at the boundary: UTF-8 with or without a byte order mark, and no half of a surrogate pair.

Every reader decodes bytes and splits lines here, so that all of them accept and refuse the same. Only a line feed
ends a line: U+2028, U+2029 and U+0085 may occur inside a JSON string, and `str.splitlines` would cut it there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Literal

MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_HALF = re.compile("[\ud800-\udfff]")


class UnreadableError(ValueError):
    """Bytes that are no text, or text that is no JSON; as a text it is the sentence, without a full stop."""

    def __init__(self, reason: Literal["bytes", "json", "depth", "half"], message: str, place: tuple[int, int], advice: str = "") -> None:
        """Keep what is wrong, its place (line and column from 1 in what was read), and what to do about it."""
        super().__init__(f"{message}; {advice}" if advice else message)
        self.reason = reason
        self.message = message
        self.line, self.column = place


def decode(data: bytes) -> str:
    """Return `data` as text, without the byte order mark that some editors put first.

    Raises:
        UnreadableError: the bytes are not UTF-8; says which byte, and where.

    """
    try:
        return data.removeprefix(MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        data, start = error.object, error.start
        encoding = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), None)
        what = f"is {encoding}, not UTF-8" if encoding else f"byte 0x{data[start]:02X} is not UTF-8"
        begin = data.rfind(b"\n", 0, start) + 1
        place = (data.count(b"\n", 0, start) + 1, len(data[begin:start].decode("utf-8", "replace")) + 1)
        raise UnreadableError("bytes", what, place, "save it as UTF-8") from None


def lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number (from 1) and bytes of every line that is not blank; only a line feed ends a line."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.removeprefix(MARK).strip():
            yield number, line.rstrip(b"\r")


def has_half(text: str) -> bool:
    """Return whether `text` holds one half of a surrogate pair alone: no character, and impossible to write as UTF-8."""
    return not text.isascii() and _HALF.search(text) is not None


def repaired(text: str) -> str:
    """Return `text` with each lone half of a surrogate pair replaced by U+FFFD, the replacement character.

    For text that was paid for: a model that is stopped inside an emoji sends the first half of it. Two halves that came
    apart, such as in two pieces of a stream, are joined.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if has_half(text) else text


def let_streams_take_any_text() -> None:
    """Print characters that a terminal or pipe cannot encode as escapes, and read bytes that it cannot decode as lone surrogates.

    Whoever reads standard input checks `has_half`. Without this, one `é` would end a command whose output is an ASCII pipe.
    """
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)
