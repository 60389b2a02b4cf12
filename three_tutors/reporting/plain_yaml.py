"""Read the simple part of YAML with the standard library, for a walk that runs before anything is installed.

Kept beside the YAML libraries on purpose: `make overview` is the first thing to try after cloning, and an installation takes gigabytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.fields import fields, values


def read_plainly(text: str) -> Dialogue:
    """Return a dialogue written in the simple part of YAML: one line a value, bare or in double quotes.

    `stages.validate` reads all of YAML and checks it; what this reader takes, it reads to the same dialogue.

    Raises:
        ValueError: the file uses more of YAML than that, or lacks a key.

    """
    head: dict[str, Any] = {}
    turns: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(r"(?:(\w+)| {2}- (student|teacher)| {4}(\w+)): ?(.*)", line)
        if match is None:
            raise ValueError(f"beyond plain YAML: {line!r}")
        key, speaker, label, value = match.groups()
        if speaker:
            turns.append({"speaker": speaker, "text": _value(value)})
        elif label:
            turns[-1][label] = _value(value)
        elif key != "turns":
            head[key] = _value(value)
    try:
        said = tuple(Turn(turn["speaker"], **_values(Turn, turn)) for turn in turns)
        return Dialogue(head["id"], Lesson(**_values(Lesson, head)), said)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a dialogue: {error}") from None


def _values(kind: type, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields of `kind`, whole numbers as such."""
    whole = {field.name: int(written[field.name]) for field in fields(kind) if field.kind == "whole" and field.name in written}
    return values(kind, {**written, **whole})


def _value(text: str) -> Any:  # noqa: ANN401 - a line holds text or a list
    """Return what stands behind a colon; JSON is the part of YAML that begins with a quote or a bracket."""
    if text[:1] in {'"', "["}:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise ValueError(f"beyond plain YAML: {text!r}") from None
    if not text or text[0] in "'|>&*!{%@`" or " #" in text:
        raise ValueError(f"beyond plain YAML: {text!r}")
    return text
