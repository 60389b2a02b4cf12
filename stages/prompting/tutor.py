"""The optimised program as a tutor that answers like any other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from dspy.utils.exceptions import AdapterParseError

from stages.prompting.program import TeacherStudentDialogueModel, inputs_of, sound
from stages.prompting.program_files import read_program
from stages.tutoring.endpoint import Endpoint, Reply, Sampling
from stages.tutoring.formats import Message
from stages.tutoring.tutors import Conversation

NOTHING = Reply("", "stop", 0, 0)
"""What there is of a draft that was broken off."""


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
        reply = (self._hurried if self.endpoint.is_local else self.reply)(conversation, sampling)
        yield reply.text
        return reply

    def _hurried(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Return what `reply` returns; where the first draft is not sound, all others are asked for together.

        For a model on this machine: a person waits and nobody pays. The first draft, which mostly stands, is asked for
        alone, because others beside it would slow it down. Those after the one that stands are broken off.
        """
        first = self._read(self.endpoint.chat(self.prompt(conversation), self.program.sampling(sampling)))
        reminder, *reminders = self.program.drafts
        drafts = [first]
        if not reminders or sound(first.text, reminder):
            return first
        decided = threading.Event()
        pool = ThreadPoolExecutor(len(reminders), thread_name_prefix="draft")
        try:
            asked = [pool.submit(self._draft, conversation, number, sampling, decided) for number in range(1, len(reminders) + 1)]
            for reminder, draft in zip(reminders, asked, strict=True):
                drafts.append(draft.result())
                if sound(drafts[-1].text, reminder):
                    return _together(drafts, drafts[-1])
            return _together(drafts, first)
        finally:
            decided.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _draft(self, conversation: Conversation, number: int, sampling: Sampling, decided: threading.Event) -> Reply:
        """Return one draft; nothing where it is `decided` meanwhile without it, and the endpoint makes no more of it."""
        pieces = self.endpoint.stream(self.prompt(conversation, number), self.program.sampling(sampling))
        with contextlib.closing(pieces):
            try:
                while not decided.is_set():
                    next(pieces)
            except StopIteration as end:
                return self._read(end.value)
        return NOTHING

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
