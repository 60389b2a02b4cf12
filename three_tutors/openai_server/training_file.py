"""Read an uploaded fine-tuning file line by line, as OpenAI does; every problem names its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from three_tutors.openai_server.hyperparameters import MethodType
from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import UnreadableError, lines
from three_tutors.tutoring.messages import not_read, protocol_role, text_of

FEWEST = 10
MOST_PROBLEMS = 10
OUTPUTS = ("preferred_output", "non_preferred_output")
UNSAID: Mapping[str, tuple[object, ...]] = {"tools": (None, []), "parallel_tool_calls": (None, True, False)}
"""Values of a preference's `input` that say nothing here."""


class TrainingFileError(Exception):
    """The file cannot be trained on; the message is a job's error, the code OpenAI's name for it."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = "validation_file" if "validation" in code else "training_file"


def read_training_file(path: Path, *, purpose: str = "training", fewest: int = FEWEST, method: MethodType = "supervised") -> list[Record]:
    """Return the rows of a chat fine-tuning file: `messages`, each with role, content and, for assistants, `weight`.

    For `dpo` each row is a preference: the conversation is its `input`, `preferred_output` and `non_preferred_output` are two replies.

    Raises:
        TrainingFileError: not JSON Lines in UTF-8, or lines that are no examples; up to ten problems with their lines.

    """
    problems: list[str] = []
    rows: list[Record] = []
    read = _row if method == "supervised" else _preference
    code = f"invalid_{purpose}_file"
    for number, raw in lines(path.read_bytes()):
        try:
            rows.append(read(raw))
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
    row = _object(raw)
    if unknown := sorted(row.keys() - {"messages"}):
        raise ValueError(f"`{unknown[0]}` is not supported; an example has `messages` only")
    read = _messages("messages", row.get("messages"))
    if not any(message["role"] == "assistant" and message.get("weight", 1) for message in read):
        raise ValueError("no assistant message that is learned (`weight` 1, or none)")
    if read[-1]["role"] != "assistant":
        raise ValueError("the last message is not the assistant's, as it has to be")
    return {"messages": read}


def _preference(raw: bytes) -> Record:
    row = _object(raw)
    if unknown := sorted(row.keys() - {"input", *OUTPUTS}):
        raise ValueError(f"`{unknown[0]}` is not supported; a preference has `input`, `preferred_output` and `non_preferred_output`")
    given = row.get("input")
    if not isinstance(given, dict):
        raise ValueError("`input` is missing or no object")  # noqa: TRY004 - see `_object`
    if unknown := sorted(key for key, value in given.items() if key != "messages" and value not in UNSAID.get(key, ())):
        raise ValueError(f"`input.{unknown[0]}` is not supported; `input` has `messages` only")
    asked = _messages("input.messages", given.get("messages"))
    if asked[-1]["role"] == "assistant":
        raise ValueError("the last message of `input.messages` is the assistant's, so there is nothing to reply to")
    replies = {name: _messages(name, row.get(name)) for name in OUTPUTS}
    for name, said in replies.items():
        if len(said) > 1 or said[0]["role"] != "assistant" or "weight" in said[0]:
            raise ValueError(f"`{name}` is not one message of the assistant without a `weight`")
    if replies[OUTPUTS[0]] == replies[OUTPUTS[1]]:
        raise ValueError("both outputs are the same, so there is nothing to prefer")
    return {"input": {"messages": asked}, **replies}


def _object(raw: bytes) -> Record:
    row = parse(raw)
    if not isinstance(row, dict):
        raise ValueError("a line is a JSON object")  # noqa: TRY004 - one kind of error for the caller
    return row


def _messages(name: str, value: object) -> list[Record]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"`{name}` is missing or no list")
    return [_message(f"{name}[{index}]", message) for index, message in enumerate(value)]


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
