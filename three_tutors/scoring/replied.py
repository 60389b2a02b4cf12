"""A reply with everything it is judged by, read from what a tutor left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Dialogue, Expectation, Lesson, Scenario, StrategyLabel, Turn
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.questions import Question, items, questions
from three_tutors.tutoring.replies import RecordedReply, read_replies

Found = TypeVar("Found")


@dataclass(frozen=True)
class Replied:
    """One reply with everything it is judged by."""

    lesson: Lesson
    turns: tuple[Turn, ...]
    """Everything up to and including the student turn that was answered."""
    reply: str
    finish_reason: str = "stop"
    item: str = ""
    kind: Literal["turn", "scenario"] = "turn"
    reference: Turn | None = None
    """The teacher's own reply, for a held-out turn."""
    expect: Expectation = Expectation(note="")  # noqa: RUF009 - frozen
    """What is expected, for a scenario turn."""
    probes_context: bool = False
    """Whether the reply needs a fact that the student gave early."""
    realised: StrategyLabel = ""
    """The strategy that the classifier reads out of the reply; empty where there is none to tell."""
    likelihoods: Sequence[Record] = ()
    """How likely the tutor's model finds the teacher's reply here, after the true history and after others."""
    _found: dict[Callable[[Replied], Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def intended(self) -> StrategyLabel:
        """The strategy that the teacher used here."""
        return self.reference.strategy if self.reference else ""

    def finding(self, find: Callable[[Replied], Found]) -> Found:
        """Return what `find` finds in this reply; looked for once, however many scores ask."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found


def read_replied(answers: Path, tutor: str, dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario]) -> list[Replied]:
    """Return the replies of `tutor` below the folder `answers`, or the teachers' own turns, with their questions.

    Raises:
        DataError: there is no such tutor, or its file does not answer what is asked.

    """
    if tutor == REFERENCE:
        return references(dialogues)
    if tutor not in TUTORS:
        raise DataError(f"There is no tutor {tutor!r}; name one of {', '.join((*TUTORS, REFERENCE))}.")
    return replied(dialogues, scenarios, read_replies(answers / tutor / "answers.jsonl", tutor, items(dialogues, scenarios)))


def replied(dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], replies: Sequence[RecordedReply]) -> list[Replied]:
    """Return the replies with their questions, in the order of `questions.items`.

    In a scenario, the history of a turn holds what this tutor itself replied before.
    """
    by_item = {one.item: one for one in replies}
    found = [_answered(one, by_item[one.item].reply, by_item[one.item].finish_reason) for one in questions(dialogues)]
    for scenario in scenarios:
        found += _played(scenario, [by_item[f"{scenario.id}#{index}"] for index in range(len(scenario.turns))])
    return found


def references(dialogues: Sequence[Dialogue]) -> list[Replied]:
    """Return the teachers' own held-out turns as replies."""
    return [_answered(one, one.reference.text, "teacher") for one in questions(dialogues)]


def _answered(asked: Question, reply: str, finish_reason: str) -> Replied:
    return Replied(asked.lesson, asked.turns, reply, finish_reason, asked.item, reference=asked.reference)


def _played(scenario: Scenario, replies: Sequence[RecordedReply]) -> Iterator[Replied]:
    turns: list[Turn] = []
    # The last turn of a context probe that asks for certain words is the one that needs the fact given early.
    probe = max((index for index, turn in enumerate(scenario.turns) if turn.expect.mentions), default=-1)
    for index, (scripted, one) in enumerate(zip(scenario.turns, replies, strict=True)):
        turns.append(Turn("student", scripted.text, understanding=scripted.understanding))
        yield Replied(
            scenario.lesson,
            tuple(turns),
            one.reply,
            one.finish_reason,
            one.item,
            "scenario",
            expect=scripted.expect,
            probes_context=scenario.kind == "context_probe" and index == probe,
        )
        turns.append(Turn("teacher", one.reply))
