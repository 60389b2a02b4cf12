"""Conversations side by side: each student turn once, and what every tutor replied to it with its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence, Scores
from three_tutors.reporting.quotations import Piece, pieces
from three_tutors.reporting.standing import Standing, standing
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Scenario
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.replies import Answer

SCORE = "score"
"""Name of the score that sums the others up."""


@dataclass(frozen=True)
class Reply:
    """What one tutor replied, as the page shows it."""

    tutor: str
    pieces: Sequence[Piece]
    score: float | None
    standing: Standing
    cut: bool
    """The reply ended because it may not be longer."""
    scores: Sequence[tuple[str, float | None, str]]
    """Name, value and reason of each score."""


@dataclass(frozen=True)
class Exchange:
    """One student turn and the replies to it."""

    item: str
    said: str
    understanding: str
    wanted: str
    """Of a scenario: what a good tutor does here."""
    replies: Sequence[Reply]


@dataclass(frozen=True)
class Talk:
    """One dialogue or scenario with all its exchanges."""

    id: str
    kind: str
    """`dialogue`, or the kind of the scenario."""
    lesson: Lesson
    opening: str
    """What the teacher said before the first student turn, where the teacher opens."""
    exchanges: Sequence[Exchange]


def conversations(evidence: Evidence, most: int) -> list[Talk]:
    """Return the held-out dialogues, then the scenarios, at most `most` of them with both kinds in proportion."""
    dialogues, scenarios = list(evidence.test), list(evidence.scenarios)
    total = len(dialogues) + len(scenarios)
    if total > most:
        kept = round(most * len(dialogues) / total)
        dialogues, scenarios = dialogues[:kept], scenarios[: most - kept]
    return [_dialogue(dialogue, evidence) for dialogue in dialogues] + [_scenario(scenario, evidence) for scenario in scenarios]


def _dialogue(dialogue: Dialogue, evidence: Evidence) -> Talk:
    exchanges = [
        _exchange(f"{dialogue.id}#{index}", turn.text, turn.understanding or "", "", evidence)
        for index, turn in enumerate(dialogue.turns[:-1])
        if turn.speaker == "student"
    ]
    opening = dialogue.turns[0].text if dialogue.turns[0].speaker == "teacher" else ""
    return Talk(dialogue.id, "dialogue", dialogue.lesson, opening, exchanges)


def _scenario(scenario: Scenario, evidence: Evidence) -> Talk:
    exchanges = [
        _exchange(f"{scenario.id}#{index}", turn.text, turn.understanding, turn.expect.note, evidence)
        for index, turn in enumerate(scenario.turns)
    ]
    return Talk(scenario.id, scenario.kind, scenario.lesson, "", exchanges)


def _exchange(item: str, said: str, understanding: str, wanted: str, evidence: Evidence) -> Exchange:
    baseline = _value(evidence.scores.get("baseline", {}).get(item, {}))
    order = [REFERENCE, *(name for name in evidence.answers if name != REFERENCE)]
    replies = [
        _reply(name, evidence.answers[name][item], evidence.scores.get(name, {}).get(item, {}), baseline)
        for name in order
        if item in evidence.answers[name]
    ]
    return Exchange(item, said, understanding, wanted, replies)


def _reply(tutor: str, answer: Answer, scores: Scores, baseline: float | None) -> Reply:
    value = _value(scores)
    return Reply(
        tutor=tutor,
        pieces=pieces(answer.reply, {name: score for name, score in scores.items() if name != SCORE}),
        score=value,
        standing=standing(value, baseline),
        cut=answer.finish_reason == "length",
        scores=[(name, score.value, score.reason) for name, score in scores.items() if name != SCORE],
    )


def _value(scores: Scores) -> float | None:
    return scores[SCORE].value if SCORE in scores else None
