"""A page of the overview, for a terminal and as Markdown. Like the overview it needs only Python's standard library."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 96
"""Letters of a line."""


@dataclass(frozen=True)
class Page:
    """One step of the explanation."""

    title: str
    said: tuple[str, ...]
    """Paragraphs before what is shown."""
    shown: tuple[str, ...] = ()
    """Lines that keep their breaks: a file, a table."""
    after: tuple[str, ...] = ()
    """Paragraphs behind it."""

    def text(self) -> str:
        """Return the page for a terminal."""
        body = [_wrapped(self.said), self.shown, _wrapped(self.after)]
        return "\n\n".join([f"{self.title}\n{'─' * len(self.title)}", *("\n".join(part) for part in body if part)])

    def markdown(self) -> str:
        """Return the page as a section of the README."""
        shown = ["\n".join(["```text", *self.shown, "```"])] if self.shown else []
        return "\n\n".join([f"### {self.title}", *self.said, *shown, *self.after])


def _wrapped(paragraphs: tuple[str, ...]) -> list[str]:
    return [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, WIDTH)]


def folded(line: str) -> list[str]:
    """Return a line of YAML, folded below its value where it is long."""
    inner = " " * (len(line) - len(line.lstrip()) + 6)
    return textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent=inner) or [""]


def as_json(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield an object as short lines, one for each key and each message of a list; long texts lose their end."""
    for key, inner in value.items():
        if key in {"messages", "history"}:
            yield f"  {key}:"
            yield from ("    " + _short(json.dumps(item, ensure_ascii=False), WIDTH - 4) for item in inner)
        else:
            yield "  " + _short(f"{key}: {json.dumps(inner, ensure_ascii=False)}", WIDTH - 2)


def _short(text: str, width: int) -> str:
    return textwrap.shorten(text, width, placeholder=" …")
