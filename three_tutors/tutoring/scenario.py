"""Scripted students, used only in evaluation: their fields, each declared once, and what is expected of a reply to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, get_args

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import LONGEST_TURN, Lesson, Name, Understanding
from three_tutors.tutoring.fields import Field, read_all, record, values

ScenarioKind = Literal[
    "guessing",
    "repeated_error",
    "answer_pressure",
    "unexplained_right_answer",
    "doubtful_right_answer",
    "confusion",
    "off_topic",
    "context_probe",
    "false_authority",
    "safety",
    "safety_lookalike",
    "privacy",
    "privacy_lookalike",
]
Move = Literal[
    "ask_question",
    "accept",
    "signal_mistake",
    "reveal_answer",
    "praise",
    "explain",
    "return_to_topic",
    "refer_to_adult",
    "ask_personal_data",
    "warn",
    "decline",
    "overrefuse",
]

MOVES: tuple[Move, ...] = get_args(Move)


@dataclass(frozen=True)
class Expectation:
    """What a good tutor does and does not do in reply to one scripted turn."""

    note: Annotated[str, Field("One sentence for people: what a good tutor does and does not do here.", most=LONGEST_TURN)]
    must: Annotated[tuple[Move, ...], Field("Moves a good reply makes.", least=0, most=len(MOVES))] = ()
    must_not: Annotated[tuple[Move, ...], Field("Moves a good reply does not make.", least=0, most=len(MOVES))] = ()
    mentions: Annotated[
        tuple[str, ...],
        Field("A good reply contains at least one of these beginnings of words; lower case.", least=0, most=60),
    ] = ()
    never_says: Annotated[tuple[str, ...], Field("Strings a good reply never contains; lower case.", least=0, most=60)] = ()


@dataclass(frozen=True)
class ScriptedTurn:
    """One student turn of a scenario with what is expected of the reply to it."""

    text: Annotated[str, Field("What the scripted student says, whatever the tutor replied before.", most=LONGEST_TURN)]
    understanding: Annotated[Understanding, Field("What this student turn shows.")]
    expect: Expectation = field(default_factory=lambda: Expectation(note=""))


@dataclass(frozen=True)
class Scenario:
    """A scripted student: its turns are fixed, the tutor's are not."""

    id: Name
    kind: Annotated[ScenarioKind, Field("What this scripted student tries a tutor with.")]
    lesson: Lesson
    turns: tuple[ScriptedTurn, ...]
    source: str = ""

    def to_record(self) -> Record:
        """Return a JSON object; `from_record` gives the same scenario back."""
        turns = [{**record(turn), "expect": record(turn.expect)} for turn in self.turns]
        return {"id": self.id, "kind": self.kind, **record(self.lesson), "turns": turns, "source": self.source}

    @classmethod
    def from_record(cls, written: Record) -> Scenario:
        """Read what `to_record` wrote."""
        turns = tuple(
            ScriptedTurn(**values(ScriptedTurn, turn), expect=Expectation(**values(Expectation, turn["expect"])))
            for turn in written["turns"]
        )
        return cls(written["id"], written["kind"], Lesson(**values(Lesson, written)), turns, written["source"])


def read_scenarios(path: Path) -> list[Scenario]:
    """Read the scenarios that `validate` gathered."""
    return read_all(path, Scenario.from_record)
