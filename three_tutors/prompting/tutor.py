"""The optimised program as a tutor that answers like any other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from dspy.utils.exceptions import AdapterParseError

from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.tutor import Conversation, Instead
from three_tutors.prompting.examples import inputs_of
from three_tutors.prompting.program import TeacherStudentDialogueModel, read_program, sound
from three_tutors.tutoring.formats import Message

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
        return self.endpoint.at_once

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Return the program's reply; its tokens are those of every draft."""
        return self._chosen(self._asked(conversation, sampling), self._in_turn(conversation, sampling))

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """Yield the first draft piece by piece, or all of it where it has to be read for labels, then what stands in its place.

        Returns what `reply` returns.
        """
        is_plain = self.program.adapter_name == "plain"
        first = self._read((yield from self._pieces(conversation, sampling))) if is_plain else self._asked(conversation, sampling)
        shown = first.text if is_plain else ""
        others = self._at_once if self.endpoint.is_local else self._in_turn
        reply = self._chosen(first, others(conversation, sampling))
        if reply.text != shown:
            yield Instead(reply.text) if shown else reply.text
        return reply

    def _chosen(self, first: Reply, others: Generator[Reply, None, None]) -> Reply:
        """Return the first sound draft, or the first one; the `others` are begun only where they are wanted."""
        drafts = [first]
        reminder, *reminders = self.program.drafts
        if sound(first.text, reminder):
            return first
        with contextlib.closing(others):
            for reminder, draft in zip(reminders, others, strict=False):
                drafts.append(draft)
                if sound(draft.text, reminder):
                    return _together(drafts, draft)
        return _together(drafts, first)

    def _in_turn(self, conversation: Conversation, sampling: Sampling) -> Generator[Reply, None, None]:
        """Yield the drafts after the first, each when it is asked for: for a model that is paid."""
        for draft in range(1, len(self.program.drafts)):
            yield self._asked(conversation, sampling, draft)

    def _at_once(self, conversation: Conversation, sampling: Sampling) -> Generator[Reply, None, None]:
        """Yield the drafts after the first, asked for together, and break off those that are not looked at.

        For a model on this machine: a person waits and nobody pays. The first draft, which mostly stands, is asked for
        alone, because others beside it would slow it down.
        """
        count = len(self.program.drafts) - 1
        if not count:
            return
        decided = threading.Event()
        pool = ThreadPoolExecutor(count, thread_name_prefix="draft")
        try:
            for draft in [pool.submit(self._draft, conversation, number + 1, sampling, decided) for number in range(count)]:
                yield draft.result()
        finally:
            decided.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _draft(self, conversation: Conversation, number: int, sampling: Sampling, decided: threading.Event) -> Reply:
        """Return one draft; nothing where it is `decided` meanwhile without it, and the endpoint makes no more of it."""
        pieces = self._pieces(conversation, sampling, number)
        with contextlib.closing(pieces):
            try:
                while not decided.is_set():
                    next(pieces)
            except StopIteration as end:
                return self._read(end.value)
        return NOTHING

    def _asked(self, conversation: Conversation, sampling: Sampling, draft: int = 0) -> Reply:
        """Return a draft."""
        return self._read(self.endpoint.chat(self.prompt(conversation, draft), self.program.sampling(sampling)))

    def _pieces(self, conversation: Conversation, sampling: Sampling, draft: int = 0) -> Generator[str, None, Reply]:
        """Yield a draft as it is made, still with its labels."""
        return self.endpoint.stream(self.prompt(conversation, draft), self.program.sampling(sampling))

    def _read(self, reply: Reply) -> Reply:
        """Return the reply, and the strategy where one was asked for, in a model's text; what cannot be read is no reply."""
        try:
            outputs = self.program.parse(reply.text)
        except AdapterParseError:
            return replace(reply, text="")
        return replace(reply, text=str(outputs["reply"]), strategy=outputs.get("strategy", ""))


def _together(drafts: Sequence[Reply], chosen: Reply) -> Reply:
    """Return the chosen draft with the tokens of all."""
    return replace(
        chosen,
        prompt_tokens=sum(draft.prompt_tokens for draft in drafts),
        completion_tokens=sum(draft.completion_tokens for draft in drafts),
        estimated=any(draft.estimated for draft in drafts),
    )
