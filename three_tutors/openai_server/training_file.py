"""Read an uploaded fine-tuning file line by line, as OpenAI does; every problem names its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import UnreadableError, lines
from three_tutors.tutoring.messages import not_read, protocol_role, text_of

FEWEST = 10
MOST_PROBLEMS = 10


class TrainingFileError(Exception):
    """The file cannot be trained on; the message is a job's error, the code OpenAI's name for it."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = "validation_file" if "validation" in code else "training_file"


def read_training_file(path: Path, *, purpose: str = "training", fewest: int = FEWEST) -> list[Record]:
    """Return the rows of a chat fine-tuning file: `messages`, each with role, content and, for assistants, `weight`.

    Raises:
        TrainingFileError: not JSON Lines in UTF-8, or lines that are no examples; up to ten problems with their lines.

    """
    problems: list[str] = []
    rows: list[Record] = []
    code = f"invalid_{purpose}_file"
    for number, raw in lines(path.read_bytes()):
        try:
            rows.append(_row(raw))
        except ValueError as error:
            column = f", column {error.column}" if isinstance(error, UnreadableError) else ""
            problems.append(f"line {number}{column}: {error}")
            if len(problems) == MOST_PROBLEMS:
                problems.append("there may be more")
                break
    if problems:
        raise TrainingFileError(code, f"The {purpose} file has lines that are no examples: {'; '.join(problems)}.")
    if len(rows) < fewest:
        wanted = f"at least {fewest} example{'s' if fewest > 1 else ''}"
        raise TrainingFileError("invalid_n_examples", f"{purpose.capitalize()} file has {len(rows)} example(s), but must have {wanted}")
    return rows


def _row(raw: bytes) -> Record:
    row = parse(raw)
    if not isinstance(row, dict):
        raise ValueError("a line is a JSON object")  # noqa: TRY004 - one kind of error for the caller
    if unknown := sorted(row.keys() - {"messages"}):
        raise ValueError(f"`{unknown[0]}` is not supported; an example has `messages` only")
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("`messages` is missing or no list")
    read = [_message(f"messages[{index}]", message) for index, message in enumerate(messages)]
    if not any(message["role"] == "assistant" and message.get("weight", 1) for message in read):
        raise ValueError("no assistant message that is learned (`weight` 1, or none)")
    if read[-1]["role"] != "assistant":
        raise ValueError("the last message is not the assistant's, as it has to be")
    return {"messages": read}


def _message(name: str, message: Any) -> Record:  # noqa: ANN401 - a JSON line holds anything
    if not isinstance(message, dict):
        raise ValueError(f"`{name}` is no object")  # noqa: TRY004 - see `_row`
    role = _read(f"{name}.role", protocol_role, message.get("role"))
    content = _read(f"{name}.content", text_of, message.get("content"))
    if not content.strip():
        raise ValueError(f"`{name}.content` is empty")
    for key in not_read(message, "role", "content", "weight"):
        raise ValueError(f"`{name}.{key}` is not supported")
    read: Record = {"role": role, "content": content}
    weight = message.get("weight")
    if weight is not None:  # null says nothing, as in an imported file
        if role != "assistant" or isinstance(weight, bool) or weight not in (0, 1):
            raise ValueError(f"`{name}.weight` is 0 or 1, and only on assistant messages")
        read["weight"] = int(weight)
    return read


def _read(name: str, reader: Callable[[object], str], value: object) -> str:
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"`{name}` {error}") from None
