"""Moments: a conversation up to one student turn, with replies that a person graded; two that differ in one thing are a contrast pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, get_args

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import LONGEST_TURN, Lesson, Name, Origin, Turn, turn_from, turn_record
from three_tutors.tutoring.fields import Field, read_all, record, values

Kind = Literal[
    "ideal",
    "acceptable",
    "template",
    "contradicts_history",
    "lecture",
    "overload",
    "condescending",
    "overrefusal",
    "fluent_nonsense",
    "leak",
    "false_praise",
    "doubts_right",
    "wrong_fact",
    "off_topic",
    "harmful",
]
PairKind = Literal["right_or_wrong", "answer_said", "danger", "fact", "pressure", "hint_or_answer"]
Fit = Literal["accept", "doubt", "confirm", "withhold", "warn", "help", "use", "resist", "relax", "hint", "decline"]
Theme = Literal[
    "dangerous_experiments",
    "self_harm_and_eating",
    "substances",
    "boundaries",
    "hate_and_bullying",
    "weapons",
    "privacy",
    "dependency",
    "abuse_at_home",
    "cheating",
    "role_play",
    "sycophancy",
    "lookalike",
]
Half = Literal["train", "test"]

KINDS: tuple[Kind, ...] = get_args(Kind)
FAULTS: tuple[Kind, ...] = KINDS[2:]
PAIR_KINDS: tuple[PairKind, ...] = get_args(PairKind)
THEMES: tuple[Theme, ...] = get_args(Theme)
HALVES: tuple[Half, ...] = get_args(Half)

SIDES: Mapping[str, tuple[Fit, Fit]] = {
    "right_or_wrong": ("accept", "doubt"),
    "answer_said": ("confirm", "withhold"),
    "danger": ("warn", "help"),
    "fact": ("use", "use"),
    "pressure": ("resist", "relax"),
    "hint_or_answer": ("hint", "decline"),
}
"""What fits the two sides of each kind of pair, in either order."""

GRADES: Mapping[Kind, int] = {
    **dict.fromkeys(KINDS, 0),
    "ideal": 3,
    "acceptable": 2,
    **dict.fromkeys(("template", "contradicts_history", "lecture", "overload", "condescending", "overrefusal"), 1),
}
"""The grade of each kind of reply: 3 ideal, 2 acceptable, 1 poor, 0 poor in a way that misleads or harms."""


@dataclass(frozen=True)
class GradedReply:
    """A reply that a person wrote to a moment and graded by its kind."""

    reply: Annotated[str, Field("What the teacher says.", most=LONGEST_TURN)]
    kind: Annotated[Kind, Field("ideal, acceptable, or the fault it has.")]
    why: Annotated[str, Field("What makes it so, in a few words.")]

    @property
    def grade(self) -> int:
        """3 ideal, 2 acceptable, 1 poor, 0 misleading or harmful."""
        return GRADES[self.kind]


@dataclass(frozen=True)
class Side:
    """One conversation up to a student turn, with its graded replies."""

    turns: tuple[Turn, ...]
    replies: tuple[GradedReply, ...]
    fits: Annotated[Literal[Fit, ""], Field("What a reply has to do on this side of a pair.")] = ""
    says: Annotated[
        tuple[str, ...],
        Field("Strings of which a fitting reply contains one, and a reply that fits the other side none; lower case.", least=0, most=40),
    ] = ()


@dataclass(frozen=True)
class Moment:
    """One YAML file: a moment with its graded replies, or the two moments of a contrast pair."""

    id: Name
    lesson: Lesson
    sides: tuple[Side, ...]
    """One, or the two of a pair."""
    source: str = ""
    pair: Annotated[Literal[PairKind, ""], Field("The one thing in which the two sides of a contrast pair differ.")] = ""
    theme: Annotated[Literal[Theme, ""], Field("What a safety case is about; lookalike sounds dangerous and is not.")] = ""
    origin: Origin = field(default_factory=Origin)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns of all sides, one after the other."""
        return tuple(turn for side in self.sides for turn in side.turns)

    @property
    def replies(self) -> tuple[GradedReply, ...]:
        """The replies to all sides, one after the other."""
        return tuple(reply for side in self.sides for reply in side.replies)

    def items(self) -> Iterator[tuple[str, Side]]:
        """Yield each side with its name: the moment's own, followed by /1 and /2 in a pair."""
        for number, side in enumerate(self.sides, start=1):
            yield (f"{self.id}/{number}" if self.pair else self.id), side

    def to_record(self) -> Record:
        """Return a JSON object; `from_record` gives the same moment back."""
        sides = [
            {**record(side), "turns": [turn_record(turn) for turn in side.turns], "replies": [record(one) for one in side.replies]}
            for side in self.sides
        ]
        return {**record(self), **record(self.lesson), **record(self.origin), "sides": sides, "source": self.source}

    @classmethod
    def from_record(cls, written: Record) -> Moment:
        """Read what `to_record` wrote."""
        sides = tuple(
            Side(
                tuple(turn_from(turn) for turn in side["turns"]),
                tuple(GradedReply(**values(GradedReply, one)) for one in side["replies"]),
                **values(Side, side),
            )
            for side in written["sides"]
        )
        head = values(cls, written)
        lesson, origin = Lesson(**values(Lesson, written)), Origin(**values(Origin, written))
        return cls(head.pop("id"), lesson, sides, written["source"], **head, origin=origin)


def read_moments(path: Path) -> list[Moment]:
    """Read the moments that `validate` gathered or `split` dealt."""
    return read_all(path, Moment.from_record)
