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

    @property
    def at_once(self) -> int:
        """See `Tutor`: as many as its endpoint answers."""
        return self.endpoint.concurrency

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Return the program's reply; its tokens are those of every draft."""
        drafts: list[Reply] = []
        for draft, reminder in enumerate(self.program.drafts):
            reply = self.endpoint.chat(self.prompt(conversation, draft), self.program.sampling(sampling))
            drafts.append(self._read(reply))
            if sound(drafts[-1].text, reminder):
                return _together(drafts, drafts[-1])
        return _together(drafts, drafts[0])

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the reply piece by piece, in one piece where it is read first (for labels, or another draft); return all of it."""
        if self.program.adapter_name == "plain" and len(self.program.drafts) == 1:
            return (yield from self.endpoint.stream(self.prompt(conversation), self.program.sampling(sampling)))
        reply = self.reply(conversation, sampling)
        yield reply.text
        return reply

    def _read(self, reply: Reply) -> Reply:
        """Return the reply, and the strategy where one was asked for, in a model's text; what cannot be read is no reply."""
        try:
            outputs = self.program.parse(reply.text)
        except AdapterParseError:
            return replace(reply, text="")
        return replace(reply, text=str(outputs["reply"]), strategy=outputs.get("strategy"))


def _together(drafts: Sequence[Reply], chosen: Reply) -> Reply:
    """Return the chosen draft with the tokens of all."""
    return replace(
        chosen,
        prompt_tokens=sum(draft.prompt_tokens for draft in drafts),
        completion_tokens=sum(draft.completion_tokens for draft in drafts),
    )
