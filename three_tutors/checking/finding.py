"""What a check found, before anybody asks for its line and column."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Way to a value inside a file: `("turns", 3, "teacher")`."""

Note = tuple[str, str, Path]
"""What a rule says about one dialogue: code, message, way to the value."""

QUOTE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Source:
    """Where one dialogue or scenario was read from: a YAML file, or one line of a JSON Lines file."""

    file: str
    """Path as given or, inside the project, relative to it."""
    line: int = 1
    """First line, counted from 1."""
    offset: int = 0
    """Byte at which it begins."""
    length: int = -1
    """Bytes it takes; -1 is the whole file."""

    def __str__(self) -> str:
        """Return the file, with the line where a file holds many."""
        return self.file if self.length < 0 else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one value; checks point at values, `located` turns that into line and column."""

    source: Source
    code: str
    message: str
    path: Path = ()
    place: tuple[int, int] | None = None
    """Line and column from 1 where the check knows them (a file that could not be parsed has no values)."""
    key: bool = False
    """Points at the key, not at its value."""


def quoted(text: str) -> str:
    """Return `text` in quotes, cut to a readable length, with what a terminal would obey spelled out."""
    short = text if len(text) <= QUOTE_LENGTH else text[: QUOTE_LENGTH - 1] + "…"
    return f'"{printable(short)}"'


def printable(text: str) -> str:
    """Return `text` with control, invisible and unpaired characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
