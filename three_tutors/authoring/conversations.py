"""Read conversations as other tools keep them: OpenAI chat files, ShareGPT files, transcripts as CSV.

Nothing is dropped without a word: what has no place in a dialogue is noted in `lost`, and what cannot be told apart from a
mistake (a cell too many, a key written twice, two subjects in one conversation) is an error.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.json_values import parse, parse_lines
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import UnreadableError, decode
from three_tutors.tutoring.dialogue import SPEAKERS, Lesson, Turn
from three_tutors.tutoring.fields import Field, fields
from three_tutors.tutoring.messages import side_of, taken_apart

Kind = Literal["openai-chat", "sharegpt", "transcript-csv"]

LESSON: Mapping[str, Field] = {one.name: one for one in fields(Lesson)}
LABELS: Mapping[str, Mapping[str, Field]] = {
    speaker: {one.name: one for one in fields(Turn) if one.name != "text" and one.speaker in ("", speaker)} for speaker in SPEAKERS
}
"""What a turn carries beside its words, by who speaks."""
LABEL_NAMES = frozenset(name for labels in LABELS.values() for name in labels)
EMPTY: tuple[object, ...] = (None, "", [], {})
"""Values that hold no information; dropping them loses nothing."""
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Said:
    """One message: who said what, with labels where the file has them."""

    role: str
    text: str
    labels: Mapping[str, object] = field(default_factory=dict)
    """As written. Which of them we know depends on who speaks, which is decided later."""
    place: str = "a message"


@dataclass
class Conversation:
    """One conversation as its file has it."""

    source: str
    said: list[Said] = field(default_factory=list)
    head: Record = field(default_factory=dict)
    """Fields of a lesson that the file names."""
    lost: list[str] = field(default_factory=list)
    """What has no place in a dialogue."""

    def add(self, place: str, role: str, content: object, others: Mapping[str, object]) -> None:
        """Add a message; `others` is what the file says of it beside role and content."""
        if side_of(role) in ("frame", "tool"):
            whole = {"role": role, "content": content, **others}
            self.lost.append(f"{place}, which neither student nor teacher says: {shown(whole)}")
            return
        words, no_words = taken_apart(content)
        self.lost += [f"{place}, a part of {role} that is no text: {shown(part)}" for part in no_words]
        strange = {name: value for name, value in others.items() if name not in LABEL_NAMES and value not in EMPTY}
        self.lost += [f"{place}, {name} of {role}: {shown(value)}" for name, value in strange.items()]
        labels = {name: value for name, value in others.items() if name in LABEL_NAMES and value not in EMPTY}
        self.said.append(Said(role, words, labels, place))


def read_conversations(path: Path, kind: Kind) -> list[Conversation]:
    """Return every conversation in `path`.

    Raises:
        DataError: the file cannot be read, is not of that kind, or holds none.

    """
    try:
        found = list(READERS[kind](path, decode(path.read_bytes())))
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    if not found:
        raise DataError(f"{path}: holds no conversation.")
    return found


def shown(value: object) -> str:
    """Return a value as JSON, whole: what is left out of a dialogue is kept in the report."""
    return json.dumps(value, ensure_ascii=False)


def of_field(one: Field, value: object) -> Any:  # noqa: ANN401 - what the field holds
    """Return `value` as the field's kind has it, None where it is of another kind."""
    if one.kind == "whole":
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= _MOST_DIGITS:
            return int(value)
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value) else None
    if one.kind == "texts" and isinstance(value, list):
        return value if all(isinstance(item, str) for item in value) else None
    if not isinstance(value, str):
        return None
    return [value.strip()] if one.kind == "texts" else value.strip()


def _json_values(text: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of each line of JSON Lines, of each item of a list, or of one object over several lines."""
    if text.lstrip().startswith("["):
        yield from ((f"item {index}", value) for index, value in enumerate(parse(text)))
        return
    first, _, rest = text.lstrip().partition("\n")
    try:
        yield from [(f"line {number}", value) for number, value in parse_lines(text.encode())]
    except UnreadableError as error:
        if error.column <= len(first.rstrip()) or not rest.strip():
            raise
        yield "the one object", parse(text)  # the first line only begins it


def _messages(path: Path, text: str, key: str, role: str, content: str) -> Iterator[Conversation]:
    """Yield the conversations of a JSON file whose messages are under `key`."""
    for place, value in _json_values(text):
        if not isinstance(value, dict) or not isinstance(value.get(key), list):
            raise DataError(f"{path}: {place} has no list of {key}; is this the right --from?")
        conversation = Conversation(place, head=_head(value))
        others = {name: one for name, one in value.items() if name != key and name not in conversation.head and one not in EMPTY}
        conversation.lost += [f"key {name!r}: {shown(one)}" for name, one in others.items()]
        for number, message in enumerate(value[key], start=1):
            if not isinstance(message, dict) or not isinstance(message.get(role), str):
                raise DataError(f"{path}: {place}: message {number} has no {role}: {shown(message)[:80]}; is this the right --from?")
            rest = {name: one for name, one in message.items() if name not in (role, content)}
            conversation.add(f"message {number}", message[role], message.get(content), rest)
        yield conversation


def _openai_chat(path: Path, text: str) -> Iterator[Conversation]:
    """Read chat fine-tuning files. Source: OpenAI, "Fine-tuning: formatting your data"."""
    return _messages(path, text, "messages", "role", "content")


def _sharegpt(path: Path, text: str) -> Iterator[Conversation]:
    """Read `conversations` of `from` and `value`, as ShareGPT and the tools that train on it keep them."""
    return _messages(path, text, "conversations", "from", "value")


def _transcript_csv(path: Path, text: str) -> Iterator[Conversation]:
    """Read one row an utterance: `speaker`, `text`, and where they are there `conversation`, labels and a lesson's fields."""
    rows = list(_rows(path, text))
    unnamed = [line for line, row in rows if not row.get("conversation", "").strip()]
    if unnamed and len(unnamed) < len(rows):
        raise DataError(f"{path}:{unnamed[0]}: names no conversation, but other rows do; fill the column in every row.")
    by_name: dict[str, Conversation] = {}
    unused: Counter[tuple[str, str]] = Counter()
    for line, row in rows:
        name = row.get("conversation", "").strip() or "the transcript"
        conversation = by_name.setdefault(name, Conversation(name))
        head = _head(row)
        for key, value in head.items():
            if conversation.head.setdefault(key, value) != value:
                before = conversation.head[key]
                raise DataError(
                    f"{path}:{line}: {key} is {value!r} where {conversation.source!r} had {before!r}; "
                    "a conversation has one, so give each its own name in the column conversation."
                )
        conversation.add(f"line {line}", row["speaker"].strip(), row["text"], {name: row[name] for name in LABEL_NAMES if name in row})
        known = {"speaker", "text", "conversation", *LABEL_NAMES, *head}
        unused.update((conversation.source, key) for key, value in row.items() if key not in known and value.strip())
    for (source, key), count in unused.items():
        by_name[source].lost.append(f"column {key!r}: {count} cell{'' if count == 1 else 's'}")
    yield from by_name.values()


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and cells by column of every row that is not empty."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: Sequence[str] = ()
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip().lower() for cell in cells]
                if not {"speaker", "text"} <= set(names) or len(set(names)) < len(names):
                    raise DataError(f"{path}:1: expected the columns speaker and text, each once, found {', '.join(names)}.")
                continue
            if len(cells) < len(names) and set(names[len(cells) :]) & {"speaker", "text"}:
                raise DataError(f"{path}:{rows.line_num}: {len(cells)} cells for {len(names)} columns; the speaker or the text is missing.")
            if any(cell.strip() for cell in cells[len(names) :]):
                advice = "put text that holds a comma in double quotes"
                raise DataError(f"{path}:{rows.line_num}: {len(cells)} cells for {len(names)} columns; {advice}.")
            yield rows.line_num, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise DataError(f"{path}:{rows.line_num}: not a table that can be read: {error}.") from None
    if not names:
        raise DataError(f"{path}:1: expected the columns speaker and text, found nothing.")


def _head(value: Mapping[str, Any]) -> Record:
    """Return the fields of a lesson that `value` has, with their types."""
    found = {name: of_field(one, value[name]) for name, one in LESSON.items() if value.get(name) not in (None, "")}
    return {name: one for name, one in found.items() if one not in (None, "")}


READERS: dict[Kind, Callable[[Path, str], Iterator[Conversation]]] = {
    "openai-chat": _openai_chat,
    "sharegpt": _sharegpt,
    "transcript-csv": _transcript_csv,
}
