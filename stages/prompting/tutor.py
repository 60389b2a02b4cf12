"""The optimised program as a tutor that answers like any other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dspy.utils.exceptions import AdapterParseError

from stages.prompting.program import TeacherStudentDialogueModel, inputs_of, sound
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

    def prompt(self, conversation: Conversation, draft: int = 0) -> list[Message]:
        """Return the exact messages that are sent for a conversation; each draft has its own."""
        return self.program.messages(inputs_of(conversation.lesson, conversation.turns), draft)

    def reply_many(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """Return the program's reply to each conversation, in their order; its tokens are those of every draft."""
        drafts: list[list[Reply]] = [[] for _ in conversations]
        waiting = list(range(len(conversations)))
        for draft, reminder in enumerate(self.program.drafts):
            asked = [self.prompt(conversations[index], draft) for index in waiting]
            for index, reply in zip(waiting, self.endpoint.chat_many(asked, self._sampling(sampling)), strict=True):
                drafts[index].append(replace(reply, text=self._reply(reply.text)))
            waiting = [index for index in waiting if not sound(drafts[index][-1].text, reminder)]
        unsound = set(waiting)
        return [_together(own, own[0] if index in unsound else own[-1]) for index, own in enumerate(drafts)]

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the reply piece by piece, in one piece where it is read first (for labels, or another draft); return all of it."""
        if self.program.adapter_name == "plain" and len(self.program.drafts) == 1:
            return (yield from self.endpoint.stream(self.prompt(conversation), self._sampling(sampling)))
        (reply,) = self.reply_many([conversation], sampling)
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


def _together(drafts: Sequence[Reply], chosen: Reply) -> Reply:
    """Return the chosen draft with the tokens of all."""
    return replace(
        chosen,
        prompt_tokens=sum(draft.prompt_tokens for draft in drafts),
        completion_tokens=sum(draft.completion_tokens for draft in drafts),
    )
