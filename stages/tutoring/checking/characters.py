"""Characters that have no place in a dialogue: they are invisible, reorder what people read, or break readers."""

from __future__ import annotations

import re
import unicodedata

FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters; tab, line feed and carriage return are fine
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidirectional
    "\ud800-\udfff\ufffe\uffff"  # unpaired halves, non-characters
    "\U000e0000-\U000e007f"  # tags: whole invisible sentences
    "]"
)


def forbidden(text: str) -> str | None:
    """Return the name of the first forbidden character of `text`, or None."""
    match = FORBIDDEN.search(text)
    return describe(match.group()) if match else None


def describe(character: str) -> str:
    """Return `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(character, "unpaired half of a character" if "\ud800" <= character <= "\udfff" else "control character")
    return f"U+{ord(character):04X} {name}"
