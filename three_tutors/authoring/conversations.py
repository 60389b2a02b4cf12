"""Read conversations as other tools keep them: OpenAI chat files, ShareGPT files, transcripts as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.fields import Field, fields

Kind = Literal["openai-chat", "sharegpt", "transcript-csv"]


@dataclass(frozen=True)
class Said:
    """One message: who said what, with labels where the file has them."""

    role: str
    text: str
    strategy: str | None = None
    understanding: str | None = None


@dataclass
class Conversation:
    """One conversation as its file has it."""

    source: str
    said: list[Said] = field(default_factory=list)
    head: Record = field(default_factory=dict)
    """Fields of a lesson that the file names."""
    lost: list[str] = field(default_factory=list)
    """What has no place in a dialogue."""


@dataclass(frozen=True)
class Reader:
    """How one kind of file is read."""

    teacher: str
    """The role that usually teaches in it."""
    read: Callable[[Path], Iterator[Conversation]]


def read_conversations(path: Path, kind: Kind) -> list[Conversation]:
    """Return every conversation in `path`.

    Raises:
        DataError: the file is not of that kind.

    """
    try:
        return list(READERS[kind].read(path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None


def _json_values(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield place and value of each line of a .jsonl file, or of each item of a JSON list."""
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        for index, value in enumerate(_parsed(path, 1, text)):
            yield f"item {index}", value
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield f"line {number}", _parsed(path, number, line)


def _parsed(path: Path, line: int, text: str) -> Any:  # noqa: ANN401 - JSON holds anything
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{line + error.lineno - 1}:{error.colno}: not valid JSON: {error.msg}.") from None
    except RecursionError:
        raise DataError(f"{path}:{line}: nested too deeply to be a conversation.") from None


def _messages(path: Path, key: str, role: str, text: str) -> Iterator[Conversation]:
    """Yield the conversations of a JSON file whose messages stand under `key`."""
    for place, value in _json_values(path):
        if not isinstance(value, dict) or not isinstance(value.get(key), list):
            raise DataError(f"{path}: {place} has no list of {key}; is this the right --from?")
        conversation = Conversation(place, head=_head(value))
        conversation.lost += [f"key {name!r}" for name in value if name != key and name not in conversation.head]
        for message in value[key]:
            if not isinstance(message, dict) or not isinstance(message.get(role), str):
                conversation.lost.append(f"a message without {role}: {json.dumps(message, ensure_ascii=False)[:200]}")
                continue
            speaker, words = message[role], message.get(text)
            if speaker in {"system", "developer", "tool", "function"} or not isinstance(words, str):
                conversation.lost.append(f"a message of {speaker}: {json.dumps(message, ensure_ascii=False)[:200]}")
                continue
            conversation.said.append(Said(speaker, words, _word(message, "strategy"), _word(message, "understanding")))
        yield conversation


def _openai_chat(path: Path) -> Iterator[Conversation]:
    """Read chat fine-tuning files. Source: OpenAI, "Fine-tuning: formatting your data"."""
    return _messages(path, "messages", "role", "content")


def _sharegpt(path: Path) -> Iterator[Conversation]:
    """Read `conversations` of `from` and `value`, as ShareGPT and the tools that train on it keep them."""
    return _messages(path, "conversations", "from", "value")


def _transcript_csv(path: Path) -> Iterator[Conversation]:
    """Read one row an utterance: `speaker`, `text`, and where they are there `conversation`, labels and a lesson's fields."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        names = rows.fieldnames or []
        if not {"speaker", "text"} <= set(names):
            raise DataError(f"{path}:1: expected the columns speaker and text, found {', '.join(names) or 'nothing'}.")
        used = {"speaker", "text", "conversation", "strategy", "understanding"}
        by_name: dict[str, Conversation] = {}
        for row in rows:
            name = row.get("conversation") or "the transcript"
            conversation = by_name.setdefault(name, Conversation(name))
            conversation.head |= _head(row)
            speaker = (row["speaker"] or "").strip().lower()
            conversation.said.append(Said(speaker, row["text"] or "", _word(row, "strategy"), _word(row, "understanding")))
        for conversation in by_name.values():
            conversation.lost += [f"column {name!r}" for name in names if name not in used and name not in conversation.head]
        yield from by_name.values()


def _head(value: Mapping[str, Any]) -> Record:
    """Return the fields of a lesson that `value` has, with their types."""
    return {field.name: read for field in fields(Lesson) if (read := _typed(value.get(field.name), field)) is not None}


def _typed(value: Any, field: Field) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return `value` as `field` holds it, None where it cannot be that or says nothing."""
    if field.kind == "whole":
        return int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else None
    if field.kind == "texts" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    text = value.strip() if isinstance(value, str) else ""
    return ([text] if field.kind == "texts" else text) if text else None


def _word(value: Mapping[str, Any], key: str) -> str | None:
    word = value.get(key)
    return word.strip() or None if isinstance(word, str) else None


READERS: dict[Kind, Reader] = {
    "openai-chat": Reader("assistant", _openai_chat),
    "sharegpt": Reader("gpt", _sharegpt),
    "transcript-csv": Reader("teacher", _transcript_csv),
}
