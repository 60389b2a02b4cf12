"""Teaching scores: every score of one reply, each a value with a reason or unscored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from three_tutors.scoring.broken import broken
from three_tutors.scoring.context import consistency
from three_tutors.scoring.dimensions import dimensions
from three_tutors.scoring.expectations import expectations, remembers
from three_tutors.scoring.leak import leak
from three_tutors.scoring.likeness import chrf
from three_tutors.scoring.moves import repair
from three_tutors.scoring.praise import false_praise
from three_tutors.scoring.questioning import follow_up, questions
from three_tutors.scoring.readability import length, reading_level
from three_tutors.scoring.rubric import score
from three_tutors.scoring.score import Score
from three_tutors.scoring.uptake import parrots, uptake
from three_tutors.tutoring.dialogue import Dialogue, Expectation, Lesson, Scenario, StrategyLabel, Turn
from three_tutors.tutoring.questions import questions as held_out
from three_tutors.tutoring.replies import RecordedReply
from three_tutors.tutoring.words import words

Scores = dict[str, Score]
"""The scores of one reply by name."""


@dataclass(frozen=True)
class Replied:
    """One reply with everything it is judged by."""

    item: str
    kind: str
    """`turn` or `scenario`."""
    lesson: Lesson
    turns: tuple[Turn, ...]
    """Everything up to and including the student turn that was answered."""
    reply: str
    finish_reason: str
    reference: Turn | None = None
    """The teacher's own reply, for a held-out turn."""
    expect: Expectation | None = None
    """What is expected, for a scenario turn."""
    probes_context: bool = False
    """Whether the reply needs a fact that the student gave early."""

    @property
    def intended(self) -> StrategyLabel:
        """The strategy that the teacher used here; empty where nobody said."""
        return self.reference.strategy if self.reference else ""


def replied(dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], answers: Sequence[RecordedReply]) -> list[Replied]:
    """Return the answers with their questions, in the order of `questions.items`.

    In a scenario, the history of a turn holds what this tutor itself replied before.
    """
    given = iter(answers)
    found = [
        Replied(one.item, "turn", asked.lesson, asked.turns, one.reply, one.finish_reason, reference=asked.reference)
        for asked, one in zip(held_out(dialogues), given, strict=False)
    ]
    by_item = {answer.item: answer for answer in answers}
    for scenario in scenarios:
        found += _played(scenario, [by_item[f"{scenario.id}#{index}"] for index in range(len(scenario.turns))])
    return found


def references(dialogues: Sequence[Dialogue]) -> list[Replied]:
    """Return the teachers' own held-out turns as replies."""
    return [
        Replied(asked.item, "turn", asked.lesson, asked.turns, asked.reference.text, "teacher", reference=asked.reference)
        for asked in held_out(dialogues)
    ]


def teaching_scores(one: Replied) -> Scores:
    """Return every score that needs this reply alone; all unscored where the tutor gave no reply."""
    said, turns = one.reply, one.turns
    expected = one.expect or Expectation(note="")
    scores = {
        "leak": leak(said, answer=one.lesson.answer, turns=turns),
        "uptake": uptake(said, turns),
        "questions": questions(said, one.lesson, turns),
        "false_praise": false_praise(said, turns),
        "repair": repair(said, one.lesson, turns),
        "follow_up": follow_up(said, turns),
        "broken": broken(said, one.finish_reason),
        "parrots": Score(float(parrots(said, turns)), "repeats an earlier turn" if parrots(said, turns) else "in its own words"),
        "consistency": consistency(said, turns),
        "expectations": expectations(said, expected, one.lesson, turns),
        "remembers": remembers(said, expected) if one.probes_context else Score.unscored("no early fact is needed here"),
        "chrf": chrf(said, one.reference.text if one.reference else None),
        "length": length(said),
        "reading_level": reading_level(said),
        **dimensions(said, turns, one.lesson),
    }
    if not words(said):
        return {name: Score.unscored("the tutor gave no reply") for name in ("score", *scores)}
    summed = score(said, lesson=one.lesson, turns=turns, reference=one.reference.text if one.reference else None)
    return {"score": Score(summed.value, summed.feedback or "meets every criterion"), **scores}


def _played(scenario: Scenario, answers: Sequence[RecordedReply]) -> Iterator[Replied]:
    turns: list[Turn] = []
    # The last turn of a context probe that asks for certain words is the one that needs the fact planted early.
    probe = max((index for index, turn in enumerate(scenario.turns) if turn.expect.mentions), default=-1)
    for index, (scripted, answer) in enumerate(zip(scenario.turns, answers, strict=True)):
        turns.append(Turn("student", scripted.text, understanding=scripted.understanding))
        yield Replied(
            answer.item,
            "scenario",
            scenario.lesson,
            tuple(turns),
            answer.reply,
            answer.finish_reason,
            expect=scripted.expect,
            probes_context=scenario.kind == "context_probe" and index == probe,
        )
        turns.append(Turn("teacher", answer.reply))
