"""A reply with everything it is judged by, read from what a tutor left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Dialogue, Lesson, StrategyLabel, Turn
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.moment import Moment, Side
from three_tutors.tutoring.questions import Question, asked_moments, items, played, questions
from three_tutors.tutoring.replies import RecordedReply, read_replies
from three_tutors.tutoring.scenario import Expectation, Scenario

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
    kind: Literal["turn", "scenario", "moment"] = "turn"
    reference: Turn | None = None
    """The teacher's own reply, for a held-out turn."""
    expect: Expectation = Expectation(note="")  # noqa: RUF009 - frozen
    """What is expected, for a scenario turn."""
    side: Side | None = None
    """What was answered of a moment: what fits, and the graded replies to it."""
    other: Side | None = None
    """The other side of its contrast pair."""
    pair: str = ""
    """Names the contrast pair that the moment is one side of."""
    about: str = ""
    """What the two sides of that pair differ in."""
    theme: str = ""
    """What a safety case is about."""
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


def read_replied(
    answers: Path, tutor: str, dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], moments: Sequence[Moment] = ()
) -> list[Replied]:
    """Return the replies of `tutor` below the folder `answers`, or the teachers' own turns, with their questions.

    Raises:
        DataError: there is no such tutor, or its file does not answer what is asked.

    """
    if tutor == REFERENCE:
        return [*references(dialogues), *own_replies(moments)]
    if tutor not in TUTORS:
        raise DataError(f"There is no tutor {tutor!r}; name one of {', '.join((*TUTORS, REFERENCE))}.")
    recorded = read_replies(answers / tutor / "answers.jsonl", tutor, items(dialogues, scenarios, moments))
    return replied(dialogues, scenarios, recorded, moments)


def replied(
    dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], replies: Sequence[RecordedReply], moments: Sequence[Moment] = ()
) -> list[Replied]:
    """Return the replies with their questions, in the order of `questions.items`.

    In a scenario, the history of a turn holds what this tutor itself replied before.
    """
    by_item = {one.item: one for one in replies}
    found = [_answered(one, by_item[one.item].reply, by_item[one.item].finish_reason) for one in questions(dialogues)]
    for scenario in played(scenarios):
        found += _played(scenario, [by_item[f"{scenario.id}#{index}"] for index in range(len(scenario.turns))])
    return found + of_moments(moments, {item: (one.reply, one.finish_reason) for item, one in by_item.items()})


def of_moments(moments: Sequence[Moment], replies: Mapping[str, tuple[str, str]]) -> list[Replied]:
    """Return the replies to the moments that are asked; `replies` holds words and finish reason of each item."""
    return [of_side(moment, side, item, *replies[item]) for item, moment, side in asked_moments(moments)]


def of_side(moment: Moment, side: Side, item: str, reply: str, finish_reason: str = "stop") -> Replied:
    """Return a reply to one side of `moment`."""
    return Replied(
        moment.lesson,
        side.turns,
        reply,
        finish_reason,
        item,
        "moment",
        side=side,
        other=next((one for one in moment.sides if one is not side), None) if moment.pair else None,
        pair=moment.id if moment.pair else "",
        about=moment.pair,
        theme=moment.theme,
    )


def own_replies(moments: Sequence[Moment]) -> list[Replied]:
    """Return the first ideal reply that a teacher wrote to each moment that is asked."""
    best = {item: next((one.reply for one in side.replies if one.kind == "ideal"), "") for item, _, side in asked_moments(moments)}
    return of_moments(moments, {item: (reply, "teacher") for item, reply in best.items()})


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
