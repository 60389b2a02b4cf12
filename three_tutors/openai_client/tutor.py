"""What every tutor can do, and the tutor that is a model behind an endpoint."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.formats import messages


@dataclass(frozen=True)
class Conversation:
    """A lesson and what was said so far; the last turn is the student's."""

    lesson: Lesson
    turns: tuple[Turn, ...]


class Instead(str):
    """A piece of a reply that takes the place of everything before it: a draft was dropped."""

    __slots__ = ()


class Tutor(Protocol):
    """What every tutor can do."""

    @property
    def name(self) -> str:
        """Name of the tutor, as in params, files and reports."""

    @property
    def at_once(self) -> int:
        """Conversations that it answers at a time."""

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Return the tutor's reply to one conversation; many threads may ask."""

    def stream(self, conversation: Conversation, sampling: Sampling) -> Iterator[str]:
        """Yield the tutor's reply to one conversation piece by piece, `Instead` pieces among them; a generator also returns all of it."""


@dataclass(frozen=True)
class ChatTutor:
    """A tutor that is a model behind an endpoint, asked with the plain frame of the lesson."""

    name: str
    endpoint: Endpoint

    @property
    def at_once(self) -> int:
        """See `Tutor`: as many as its endpoint answers."""
        return self.endpoint.at_once

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Return the model's reply; the prompt is what `formats.messages` renders and fine-tuning rows hold."""
        return self.endpoint.chat(messages(conversation.lesson, conversation.turns), sampling)

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the model's reply piece by piece; the generator returns the whole reply."""
        return self.endpoint.stream(messages(conversation.lesson, conversation.turns), sampling)
