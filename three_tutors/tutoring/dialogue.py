"""The words of our field as data: lesson, turn, dialogue. Here each of their fields is declared, once.

What may be missing is missing in one way: an empty text, an empty tuple, never None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, get_args

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.fields import Field, read_all, record, values

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
Situation = Literal[
    "gives_up",
    "refuses",
    "short_answers",
    "copied_work",
    "language_learner",
    "reading_difficulty",
    "anxious",
    "angry",
    "right_for_wrong_reason",
    "several_misconceptions",
    "long_work",
    "ambiguous_work",
    "tutor_repairs",
    "ordinary",
]
Outcome = Literal["solved", "partly", "told", "unresolved", "wrong"]
Voice = Literal["plain", "warm", "brisk", "formal", "playful", "witty"]
Modality = Literal["chat", "shared_page", "hands_on"]

StrategyLabel = Literal[Strategy, ""]
UnderstandingLabel = Literal[Understanding, ""]

SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
UNDERSTANDINGS: tuple[Understanding, ...] = get_args(Understanding)
SITUATIONS: tuple[Situation, ...] = get_args(Situation)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
VOICES: tuple[Voice, ...] = get_args(Voice)


LONGEST_TURN = 4000
"""Characters of a turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance. A student turn may carry an understanding, a teacher turn a strategy."""

    speaker: Speaker
    text: Annotated[str, Field("What is said.", most=LONGEST_TURN)]
    strategy: Annotated[StrategyLabel, Field("The teaching move this turn makes.", speaker="teacher")] = ""
    understanding: Annotated[UnderstandingLabel, Field("What this student turn shows.", speaker="student")] = ""
    weight: Annotated[Literal[0, 1], Field("0 keeps this turn in the conversation but out of what is learned.", speaker="teacher")] = 1


@dataclass(frozen=True)
class Lesson:
    """The head of a dialogue or scenario: what is taught to whom, and what must not be given away."""

    subject: Annotated[
        str,
        Field(
            "Subject, which is also the name of the folder.",
            most=40,
            pattern=r"[a-z]+(?:_[a-z]+)*",
            wanted="lower case, words joined by _",
        ),
    ]
    grade: Annotated[int, Field("School year 1 to 12; 13 is the first university years.", most=13)]
    topic: Annotated[str, Field("What the lesson is about, in a few words.", prose=True)]
    objective: Annotated[str, Field("What the student can do at the end, as one sentence.", prose=True)]
    misconception: Annotated[str, Field("The wrong idea or difficulty the student comes with, as one sentence.", prose=True)] = ""
    answer: Annotated[
        tuple[str, ...],
        Field("What the teacher must not give away, in its usual ways of writing; each in quotes. May be empty.", least=0, most=20),
    ] = ()


@dataclass(frozen=True)
class Origin:
    """Where a file comes from and what it may be used for; every part may be missing."""

    language: Annotated[str, Field("Language of the conversation (BCP 47).", pattern=r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", wanted="en")] = (
        "en"
    )
    modality: Annotated[
        Modality, Field("chat: words alone; shared_page: both look at text quoted here; hands_on: the student does it and tells.")
    ] = "chat"
    standard: Annotated[str, Field("A curriculum code where one fits, such as CCSS 4.NF.A.2.", most=60)] = ""
    sources: Annotated[tuple[str, ...], Field("Where the misconception is described.", least=0, most=5)] = ()
    author: Annotated[str, Field("Who wrote it: a role, never a name.", most=40)] = ""
    review: Annotated[str, Field("Who read it critically: a role, never a name.", most=40)] = ""
    licence: Annotated[str, Field("SPDX name; data/raw/LICENSE where it is left out.", most=40)] = ""


Name = Annotated[
    str,
    Field(
        "Name of the file without its ending; no other file of the data has it.",
        most=80,
        pattern=r"[a-z0-9]+(?:-[a-z0-9]+)*",
        wanted="lower case, words joined by -",
    ),
]


@dataclass(frozen=True)
class Dialogue:
    """One hand-written teaching conversation: one YAML file."""

    id: Name
    lesson: Lesson
    turns: tuple[Turn, ...]
    source: str = ""
    """The file it was read from, relative to the project."""
    situation: Annotated[Literal[Situation, ""], Field("What makes this student hard to teach here.")] = ""
    outcome: Annotated[Literal[Outcome, ""], Field("How it ends; told: the answer was told after honest tries.")] = ""
    voice: Annotated[Literal[Voice, ""], Field("How the teacher talks.")] = ""
    origin: Origin = field(default_factory=Origin)

    def to_record(self) -> Record:
        """Return a JSON object; `from_record` gives the same dialogue back."""
        turns = [turn_record(turn) for turn in self.turns]
        return {**record(self), **record(self.lesson), **record(self.origin), "turns": turns, "source": self.source}

    @classmethod
    def from_record(cls, written: Record) -> Dialogue:
        """Read what `to_record` wrote."""
        turns = tuple(turn_from(turn) for turn in written["turns"])
        head = values(cls, written)
        lesson, origin = Lesson(**values(Lesson, written)), Origin(**values(Origin, written))
        return cls(head.pop("id"), lesson, turns, written["source"], **head, origin=origin)


ARC = ("situation", "outcome", "voice")
"""What a dialogue says of itself as a whole."""


def read_dialogues(path: Path) -> list[Dialogue]:
    """Read the dialogues that `validate` gathered."""
    return read_all(path, Dialogue.from_record)


def turn_record(turn: Turn) -> Record:
    """Return `turn` as a JSON object; `turn_from` gives it back."""
    return {"speaker": turn.speaker, **{name: value for name, value in record(turn).items() if value not in ("", [])}}


def turn_from(written: Record) -> Turn:
    """Read what `turn_record` wrote."""
    return Turn(written["speaker"], **values(Turn, written))
