"""Conversations side by side: each student turn once, with what every tutor replied to it and how that was scored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.quotations import Stretch, pieces
from three_tutors.reporting.standing import Standing, standing
from three_tutors.tutoring.dialogue import Dialogue, Lesson
from three_tutors.tutoring.methods import BASELINE, REFERENCE
from three_tutors.tutoring.questions import asked_dialogues

FEWEST, SHORT = 5, 30
"""Words of a student turn on the first screen."""
SCORE = "score"
"""Name of the score that sums the others up."""


@dataclass(frozen=True)
class ScoredReply:
    """What one tutor replied, as the page shows it."""

    tutor: str
    pieces: Sequence[Stretch]
    score: float | None
    standing: Standing
    """Against the baseline's reply to the same student turn."""
    cut: bool
    """The reply ended because it had reached the most tokens."""
    scores: Sequence[tuple[str, float | None, str]]
    """Name, value and reason of each score."""


@dataclass(frozen=True)
class Moment:
    """One student turn and the replies to it."""

    said: str
    understanding: str
    wanted: str
    """Of a scenario: what a good tutor does here."""
    replies: Sequence[ScoredReply]
    """Empty where the tutors were not asked."""
    taught: str = ""
    """What the teacher said next, where the tutors were not asked."""


@dataclass(frozen=True)
class Transcript:
    """One dialogue or scenario with all its moments."""

    id: str
    kind: str
    """`dialogue`, or the kind of the scenario."""
    lesson: Lesson
    opening: str
    """What the teacher said before the first student turn, where the teacher opens."""
    moments: Sequence[Moment]


def conversations(evidence: Evidence, most: int) -> list[Transcript]:
    """Return the held-out dialogues, then the scenarios, at most `most` of them with both kinds in proportion."""
    dialogues, scenarios = asked_dialogues(evidence.test), evidence.scenarios
    total = len(dialogues) + len(scenarios)
    kept = round(most * len(dialogues) / total) if total > most else len(dialogues)
    found = []
    for dialogue in dialogues[:kept]:
        moments = [_turn(dialogue, index, evidence) for index, turn in enumerate(dialogue.turns[:-1]) if turn.speaker == "student"]
        opening = dialogue.turns[0].text if dialogue.turns[0].speaker == "teacher" else ""
        found.append(Transcript(dialogue.id, "dialogue", dialogue.lesson, opening, moments))
    for scenario in scenarios[: most - kept]:
        moments = [
            Moment(turn.text, turn.understanding, turn.expect.note, _replies(f"{scenario.id}#{index}", evidence))
            for index, turn in enumerate(scenario.turns)
        ]
        found.append(Transcript(scenario.id, scenario.kind, scenario.lesson, "", moments))
    return found


def _turn(dialogue: Dialogue, index: int, evidence: Evidence) -> Moment:
    turn, following = dialogue.turns[index : index + 2]
    replies = _replies(f"{dialogue.id}#{index}", evidence)
    return Moment(turn.text, turn.understanding, "", replies, "" if replies or following.speaker == "student" else following.text)


def _replies(item: str, evidence: Evidence) -> list[ScoredReply]:
    """Return the replies to one student turn, the teacher's first."""
    baseline = evidence.scores.get(BASELINE, {}).get(item, {}).get(SCORE)
    found = []
    for tutor in (REFERENCE, *(name for name in evidence.answers if name != REFERENCE)):
        answer = evidence.answers[tutor].get(item)
        if answer is None:
            continue
        scores = dict(evidence.scores.get(tutor, {}).get(item, {}))
        value = summed.value if (summed := scores.pop(SCORE, None)) else None
        found.append(
            ScoredReply(
                tutor=tutor,
                pieces=pieces(answer.reply, scores),
                score=value,
                standing=standing(value, baseline.value if baseline else None),
                cut=answer.finish_reason == "length",
                scores=[(name, score.value, score.reason) for name, score in scores.items()],
            )
        )
    return found


def exchange(talks: Sequence[Transcript]) -> tuple[Transcript, Moment] | None:
    """Return one student turn of a dialogue to show for all: one to which everybody replied.

    It is drawn by its words among the short ones, so nobody picks it for its replies; None where nobody replied to any.
    """
    found = [(talk, moment) for talk in talks if talk.kind == "dialogue" for moment in talk.moments if moment.replies]
    most = max((len(moment.replies) for _, moment in found), default=0)
    full = [(talk, moment) for talk, moment in found if len(moment.replies) == most]
    short = [one for one in full if FEWEST <= len(one[1].said.split()) <= SHORT and "\n" not in one[1].said]
    return min(short or full, key=lambda one: hashlib.sha256(f"{one[0].id}: {one[1].said}".encode()).digest(), default=None)
