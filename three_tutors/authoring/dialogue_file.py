"""Write a dialogue as the YAML file an author would have written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from three_tutors.checking.schema import DIALOGUE_HEAD
from three_tutors.pipeline.records import Record

SCHEMA_LINE = "# yaml-language-server: $schema=../../dialogue.schema.json"

# Words that need no quotes in any YAML: they begin with a letter and hold nothing that could end or change them.
_PLAIN = re.compile(r"[A-Za-z](?:[\w ,.!?()'’%+/=-]|:(?=\S))*")
_INTERPRETED = re.compile(r"(?:true|false|yes|no|on|off|null|y|n)", re.IGNORECASE)


def as_yaml(record: Record, *comments: str) -> str:
    """Return the file of `record` (the keys of a dialogue file), one line a value, a block where words take several lines.

    A required key that `record` lacks is written empty, so that an author sees where to write. `comments` stand above the head.
    """
    lines = [SCHEMA_LINE, *(f"# {comment}" for comment in comments)]
    fields = [field.name for field in DIALOGUE_HEAD if field.name in record or field.required]
    lines += [f"{name}: {_value(record.get(name), 2)}".rstrip() for name in fields]
    lines.append("turns:")
    for turn in record["turns"]:
        lines += [f"  {'- ' if first else '  '}{key}: {_value(value, 6)}" for first, (key, value) in _firsts(turn)]
    return "\n".join(lines) + "\n"


def _firsts(turn: Mapping[str, object]) -> list[tuple[bool, tuple[str, object]]]:
    return [(index == 0, item) for index, item in enumerate(turn.items())]


def _value(value: object, indent: int) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return json.dumps(list(value), ensure_ascii=False)
    text = str(value)
    if "\n" in text and all(line == line.rstrip() for line in text.split("\n")) and not text.startswith((" ", "\n")) and "\t" not in text:
        return "|-\n" + "\n".join(" " * indent + line if line else "" for line in text.split("\n"))
    if _PLAIN.fullmatch(text) and not _INTERPRETED.fullmatch(text) and not text.endswith((" ", ":")):
        return text
    return json.dumps(text, ensure_ascii=False)
