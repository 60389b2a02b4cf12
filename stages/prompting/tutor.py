"""The optimised program as a tutor that answers like any other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dspy.utils.exceptions import AdapterParseError

from stages.prompting.program import TeacherStudentDialogueModel, inputs_of
from stages.prompting.program_files import read_program
from stages.tutoring.endpoint import Endpoint, Reply, Sampling
from stages.tutoring.formats import Message
from stages.tutoring.tutors import Conversation

LABELS_TOKENS = 60
"""Tokens that the labels around a reply take where the adapter asks for them."""


@dataclass(frozen=True)
class ProgramTutor:
    """A program over an endpoint. Asked turn by turn; what was said before comes with each conversation."""

    program: TeacherStudentDialogueModel
    endpoint: Endpoint
    name: str = "dspy"

    @classmethod
    def load(cls, folder: Path, endpoint: Endpoint) -> ProgramTutor:
        """Read the program that `train_dspy` left in `folder`.

        Raises:
            DataError: it is missing or not a program of ours.

        """
        return cls(read_program(folder), endpoint)

    def prompt(self, conversation: Conversation) -> list[Message]:
        """Return the exact messages that are sent for a conversation."""
        return self.program.messages(inputs_of(conversation.lesson, conversation.turns))

    def reply_many(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """Return the program's reply to each conversation, in their order."""
        replies = self.endpoint.chat_many([self.prompt(talk) for talk in conversations], self._sampling(sampling))
        return [replace(reply, text=self._reply(reply.text)) for reply in replies]

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the reply piece by piece, in one piece where it has to be read out of labels first; return all of it."""
        pieces = self.endpoint.stream(self.prompt(conversation), self._sampling(sampling))
        if self.program.adapter_name == "plain":
            return (yield from pieces)
        whole = _drained(pieces)
        reply = replace(whole, text=self._reply(whole.text))
        yield reply.text
        return reply

    def _sampling(self, sampling: Sampling) -> Sampling:
        extra = 0 if self.program.adapter_name == "plain" else LABELS_TOKENS
        return replace(sampling, max_tokens=sampling.max_tokens + extra)

    def _reply(self, text: str) -> str:
        """Return the reply in a model's text; what cannot be read is no reply."""
        try:
            return str(self.program.parse(text)["reply"])
        except AdapterParseError:
            return ""


def _drained(pieces: Generator[str, None, Reply]) -> Reply:
    """Return what a stream returns at its end."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            whole: Reply = end.value
            return whole
