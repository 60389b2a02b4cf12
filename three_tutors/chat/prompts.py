"""How many tokens a tutor's prompt has: by the base model's tokenizer on this machine, by OpenAI's encoding elsewhere."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from three_tutors.chat.roster import EMPTY, endpoint_of, is_local
from three_tutors.openai_client.tutor import Conversation, Tutor
from three_tutors.pricing import tokens
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.formats import Message, messages

TOKENIZER = Path("models/base/tokenizer.json")
TOKENS_A_MESSAGE = 6
"""What a chat template adds to a text: marks of begin and end, the role, line breaks."""
REMEMBERED = 256
"""Texts whose sizes are kept: all tutors count the same lesson and turns, again at every turn."""
_READING = threading.Lock()
"""All tutors begin at once; without this lock each of them would read the tokenizer on the first turn."""


@runtime_checkable
class Prompting(Protocol):
    """A tutor that shows its prompt; any other is taken to use the plain frame of the lesson."""

    def prompt(self, conversation: Conversation) -> list[Message]:
        """Return the exact messages that are sent."""


def prompt(tutor: Tutor, lesson: Lesson, turns: Sequence[Turn]) -> list[Message]:
    """Return the messages that a tutor's model is sent."""
    if isinstance(tutor, Prompting):
        return tutor.prompt(Conversation(lesson, tuple(turns)))
    return messages(lesson, turns)


def fingerprint(tutor: Tutor) -> str:
    """Return a fingerprint of the tutor's model and of the prompt around a conversation; it changes when the tutor is made again."""
    endpoint = endpoint_of(tutor)
    asked = prompt(tutor, EMPTY, (Turn("student", "Hello"),))
    text = json.dumps([tutor.name, endpoint.model if endpoint else "", asked])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def counter(tutor: Tutor, lesson: Lesson, tokenizer: Path = TOKENIZER) -> Callable[[Sequence[Turn]], int]:
    """Return a function that counts the tokens of the whole prompt for some turns."""
    local = is_local(endpoint_of(tutor)) and tokenizer.exists()
    with _READING:
        size = _local_size(tokenizer) if local else tokens.count

    def count(turns: Sequence[Turn]) -> int:
        return sum(size(message["content"]) + TOKENS_A_MESSAGE for message in prompt(tutor, lesson, turns)) + TOKENS_A_MESSAGE

    return count


@cache
def _local_size(tokenizer: Path) -> Callable[[str], int]:
    from tokenizers import Tokenizer  # noqa: PLC0415 - imported only if it is needed

    encoder: Any = Tokenizer.from_file(str(tokenizer))
    encoder.encode_special_tokens = True  # text that looks like a mark of the template stays text

    @lru_cache(maxsize=REMEMBERED)
    def size(text: str) -> int:
        return len(encoder.encode(text, add_special_tokens=False).ids)

    return size
