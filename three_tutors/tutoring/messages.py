"""Messages as other tools write them: who speaks and what is said. One rule for imports, the chat protocol and rated replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from three_tutors.tutoring.dialogue import Speaker

Side = Speaker | Literal["frame", "tool"]
"""Who a role stands for: one of the two who talk, what frames the conversation, or a program's call and its result."""

_WORDS: Mapping[Side, str] = {
    "student": "student user human learner pupil",
    "teacher": "teacher tutor assistant gpt chatgpt bot model ai",
    "frame": "system developer",
    "tool": "tool tools function tool_call tool_calls tool_result tool_response function_call function_response observation",
}
_SIDES: Mapping[str, Side] = {word: side for side, words in _WORDS.items() for word in words.split()}
_PROTOCOL: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_MEANT: Mapping[Side | None, str] = {"student": "user", "teacher": "assistant", "frame": "system"}
_LONGEST_SHOWN = 80
_TEXT_PARTS = (None, "text", "input_text", "output_text")
# What says nothing may be there: clients hand back the messages that they got.
_SAYS_NOTHING: Mapping[str, tuple[object, ...]] = {
    "name": (None,),
    "refusal": (None,),
    "annotations": (None, []),
    "audio": (None,),
    "function_call": (None,),
    "tool_calls": (None, []),
}


def side_of(role: object) -> Side | None:
    """Return who a role stands for, whatever its case; None where nobody here knows it."""
    return _SIDES.get(role.strip().lower()) if isinstance(role, str) else None


def protocol_role(role: object) -> Literal["system", "user", "assistant"]:
    """Return the role as the chat protocol has it and templates know it.

    Raises:
        ValueError: the protocol has no such role.

    """
    if isinstance(role, str) and role in _PROTOCOL:
        return _PROTOCOL[role]
    meant = _MEANT.get(side_of(role))
    raise ValueError(f"is {', '.join(_PROTOCOL)} here, not {_shown(role)}" + (f"; did you mean {meant}?" if meant else ""))


def not_read(message: Mapping[str, object], *read: str) -> list[str]:
    """Return the keys of a message, in order, that say something beside those that are `read`."""
    return sorted(key for key, value in message.items() if key not in read and value not in _SAYS_NOTHING.get(key, ()))


def taken_apart(content: object) -> tuple[str, list[object]]:
    """Return the words of a message's content, its text parts joined, and whatever in it is no text (an image, a refusal)."""
    if content is None or isinstance(content, str):
        return content or "", []
    if not isinstance(content, list):
        return "", [content]
    words: list[str] = []
    others: list[object] = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) and part.get("type") in _TEXT_PARTS else part
        if not isinstance(text, str):
            others.append(part)
            continue
        words.append(text)
        if isinstance(part, dict):
            others += [{key: value} for key, value in part.items() if key not in ("type", "text") and value not in (None, [], {})]
    return "".join(words), others


def text_of(content: object) -> str:
    """Return the words of a message's content, its text parts joined.

    Raises:
        ValueError: it is no text and no list of text parts, or holds something else beside them.

    """
    words, others = taken_apart(content)
    if others or content is None:
        raise ValueError(f"must be text, or a list of text parts, not {_shown(others[0] if others else content)}")
    return words


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
