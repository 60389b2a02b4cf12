"""The words of our field as data: lesson, turn, dialogue, scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl

Speaker = Literal["student", "teacher"]
Strategy = Literal[
    "socratic_questioning",
    "scaffolding",
    "misconception_handling",
    "clarification_request",
    "worked_example",
    "direct_explanation",
    "check_understanding",
    "encouragement",
]
Understanding = Literal["correct", "partial", "wrong", "confused", "off_topic"]
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
]

SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
UNDERSTANDINGS: tuple[Understanding, ...] = get_args(Understanding)
SCENARIO_KINDS: tuple[ScenarioKind, ...] = get_args(ScenarioKind)
MOVES: tuple[Move, ...] = get_args(Move)


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance. A student turn may carry an understanding, a teacher turn a strategy."""

    speaker: Speaker
    text: str
    strategy: Strategy | None = None
    understanding: Understanding | None = None
    weight: Literal[0, 1] = 1
    """Of a teacher turn: 0 keeps it in the conversation but out of what is learned."""


@dataclass(frozen=True)
class Lesson:
    """The head of a dialogue or scenario: what is taught to whom, and what must not be given away."""

    subject: str
    grade: int
    """School year 1–12; 13 is the first university years."""
    topic: str
    objective: str
    misconception: str
    answer: tuple[str, ...]
    """Strings that give the answer away; may be empty."""


@dataclass(frozen=True)
class Dialogue:
    """One hand-written teaching conversation: one YAML file."""

    id: str
    lesson: Lesson
    turns: tuple[Turn, ...]
    source: str = ""
    """The file it was read from, relative to the project."""

    def to_record(self) -> Record:
        """Return a JSON object; `from_record` gives the same dialogue back."""
        return {"id": self.id, **vars(self.lesson), "turns": [_turn_record(turn) for turn in self.turns], "source": self.source}

    @classmethod
    def from_record(cls, record: Record) -> Dialogue:
        """Read what `to_record` wrote."""
        turns = tuple(Turn(**turn) for turn in record["turns"])
        return cls(id=record["id"], lesson=_lesson(record), turns=turns, source=record["source"])


@dataclass(frozen=True)
class Expectation:
    """What a good tutor does and does not do in reply to one scripted turn."""

    note: str
    must: tuple[Move, ...] = ()
    must_not: tuple[Move, ...] = ()
    mentions: tuple[str, ...] = ()
    """A good reply contains at least one of these beginnings of words, in lower case."""
    never_says: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScriptedTurn:
    """One student turn of a scenario with what is expected of the reply to it."""

    text: str
    understanding: Understanding
    expect: Expectation = field(default_factory=lambda: Expectation(note=""))


@dataclass(frozen=True)
class Scenario:
    """A scripted student, used only in evaluation: its turns are fixed, the tutor's are not."""

    id: str
    kind: ScenarioKind
    lesson: Lesson
    turns: tuple[ScriptedTurn, ...]
    source: str = ""

    def to_record(self) -> Record:
        """Return a JSON object; `from_record` gives the same scenario back."""
        return {
            "id": self.id,
            "kind": self.kind,
            **vars(self.lesson),
            "turns": [vars(turn) | {"expect": dict(vars(turn.expect))} for turn in self.turns],
            "source": self.source,
        }

    @classmethod
    def from_record(cls, record: Record) -> Scenario:
        """Read what `to_record` wrote."""
        turns = tuple(ScriptedTurn(turn["text"], turn["understanding"], _expectation(turn["expect"])) for turn in record["turns"])
        return cls(id=record["id"], kind=record["kind"], lesson=_lesson(record), turns=turns, source=record["source"])


def read_dialogues(path: Path) -> list[Dialogue]:
    """Read the dialogues that `validate` gathered."""
    return _read(path, Dialogue.from_record)


def read_scenarios(path: Path) -> list[Scenario]:
    """Read the scenarios that `validate` gathered."""
    return _read(path, Scenario.from_record)


def _read(path: Path, from_record: Any) -> list[Any]:  # noqa: ANN401 - typed by its two callers
    read = []
    for line, record in enumerate(read_jsonl(path), start=1):
        try:
            read.append(from_record(record))
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}:{line}: not a record that `validate` wrote ({error}); run `dvc repro validate`.") from None
    return read


def _turn_record(turn: Turn) -> Record:
    record = {"speaker": turn.speaker, "text": turn.text, "strategy": turn.strategy, "understanding": turn.understanding}
    return {key: value for key, value in record.items() if value is not None} | {"weight": turn.weight}


def _lesson(record: Record) -> Lesson:
    head = {key: record[key] for key in ("subject", "grade", "topic", "objective", "misconception")}
    return Lesson(**head, answer=tuple(record["answer"]))


def _expectation(record: Record) -> Expectation:
    lists = {key: tuple(record[key]) for key in ("must", "must_not", "mentions", "never_says")}
    return Expectation(note=record["note"], **lists)
