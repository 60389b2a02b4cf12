"""Characters that have no place in a dialogue: they are invisible, reorder what people read, or break readers."""

from __future__ import annotations

import re
import unicodedata

FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters; tab, line feed and carriage return are fine
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"  # invisible
    "\ud800-\udfff\ufffe\uffff"  # unpaired halves, non-characters
    "\U000e0000-\U000e0fff"  # tags and rare variation selectors: whole invisible sentences
    "]"
)
_SHAPING = re.compile("[\u200c\u200d\ufe00-\ufe0f]")
"""Characters that shape the one before them, an emoji or a letter of a Persian word."""
_HIDING = re.compile("(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]|(?<=[\u200c\u200d])[\u200c\u200d]")
"""Two of a kind shape nothing; rows of them have been used to hide sentences."""


def first_forbidden(text: str) -> re.Match[str] | None:
    """Return the first character of `text` that has no place in a dialogue, with its position."""
    found = FORBIDDEN.search(text)
    return found if found or text.isascii() or not _SHAPING.search(text) else _HIDING.search(text)


def without_forbidden(text: str) -> str:
    """Return `text` without the characters that have no place in a dialogue."""
    return _HIDING.sub("", FORBIDDEN.sub("", text))


def all_forbidden(text: str) -> list[str]:
    """Return the name of every character that `without_forbidden` takes out of `text`, in no order."""
    return [describe(character) for character in [*FORBIDDEN.findall(text), *_HIDING.findall(FORBIDDEN.sub("", text))]]


def forbidden(text: str) -> str | None:
    """Return the name of the first forbidden character of `text`, or None."""
    match = first_forbidden(text)
    return describe(match.group()) if match else None


def describe(character: str) -> str:
    """Return `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(character, "unpaired half of a character" if "\ud800" <= character <= "\udfff" else "control character")
    return f"U+{ord(character):04X} {name}"
