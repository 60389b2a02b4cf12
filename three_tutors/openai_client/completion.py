"""Read what a service answers, whatever it is: services leave out, rename and garble what the protocol describes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from three_tutors.pipeline.text import repaired
from three_tutors.tutoring.formats import Message

MOST_TOKENS = 10_000_000
"""More than any prompt or reply has: a larger count is nonsense."""
CHARACTERS_PER_TOKEN = 2
"""Fewer characters than a token has in any language we teach, so that estimates are on the high side."""
TOKENS_PER_MESSAGE = 8
"""More than any chat template adds."""
HIGH_HALVES = ("\ud800", "\udbff")
"""The first halves of characters outside the basic plane, as JSON may escape them one by one."""


def first_choice(completion: object) -> dict[str, Any] | None:
    """Return the first choice of a chat completion; None where the answer is something else, such as a proxy's page."""
    if isinstance(completion, str):  # JSON that was sent as text
        try:
            completion = json.loads(completion)
        except (ValueError, RecursionError):
            return None
    choices = completion.get("choices") if isinstance(completion, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else None


def message_text(message: object) -> str:
    """Return the text of a message or of a streamed piece: a string, or the text parts of a list; anything else is no text."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def ending(finish_reason: object, message: object, text: str) -> str:
    """Return why a reply ended: the service's word, or `refusal` where the model gave that in place of a text."""
    if not text and isinstance(message, dict) and message.get("refusal"):
        return "refusal"
    return repaired(finish_reason) if isinstance(finish_reason, str) and finish_reason else "unknown"


class Pieces:
    """The text of a stream, repaired across its pieces: an emoji may be split between two of them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._said: list[str] = []
        self._held = ""

    def add(self, piece: str) -> str:
        """Return what may be shown now that `piece` has come; the first half of a character waits for the second."""
        piece = self._held + piece
        self._held = piece[-1:] if HIGH_HALVES[0] <= piece[-1:] <= HIGH_HALVES[1] else ""
        return self._keep(repaired(piece.removesuffix(self._held)))

    def end(self) -> str:
        """Return what was still held back."""
        held, self._held = self._held, ""
        return self._keep(repaired(held))

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._said)

    def _keep(self, text: str) -> str:
        self._said.append(text)
        return text


def token_count(usage: object, name: str) -> int | None:
    """Return a count out of `usage`; None where it is missing, zero, not finite, negative or otherwise no count."""
    value = usage.get(name) if isinstance(usage, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_TOKENS:
        return None
    return int(value)


def estimated_prompt_tokens(messages: Sequence[Message]) -> int:
    """Return more tokens than a prompt is likely to have."""
    return sum(len(message["content"]) // CHARACTERS_PER_TOKEN + TOKENS_PER_MESSAGE for message in messages)


def estimated_reply_tokens(text: str) -> int:
    """Return more tokens than a reply is likely to have, its end included; none where nothing was said."""
    return len(text) // CHARACTERS_PER_TOKEN + 1 if text else 0
