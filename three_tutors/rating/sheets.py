"""What is rated: held-out student turns with the replies of the tutors, of their teachers and of a bot without a model.

The teachers' own replies and the bot's are anchors: whoever rates these like each other does not tell teaching from tricks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.replied import Replied, read_replied
from three_tutors.trust.bots import bots
from three_tutors.tutoring.dialogue import Lesson, Turn, read_dialogues
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.questions import Question
from three_tutors.tutoring.scenario import read_scenarios

ANSWERS = Path("data/processed/answers")
TEST = Path("data/processed/splits/test.jsonl")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")

BOT = "bot"
"""Under this name the bot's replies are rated."""
SAYS = "test"
"""The bot that is taken: "Test your idea about … on one new case: does it still work?", with the student's words pasted in."""


@dataclass(frozen=True)
class Sheet:
    """One student turn with everybody's reply to it."""

    item: str
    group: str
    """The dialogue or moment that it is of: sheets of one group are not independent of each other."""
    lesson: Lesson
    turns: tuple[Turn, ...]
    """Everything up to and including the student turn."""
    replies: Mapping[str, str]
    """Writer → reply; whoever said nothing is not there."""


def read_sheets(root: Path = Path()) -> list[Sheet]:
    """Return what can be rated of the last run below `root`.

    Scripted students are left out, because what they are told before differs from tutor to tutor.

    Raises:
        DataError: no tutor was asked yet, or a file is not as its stage writes it.

    """
    asked = [name for name in TUTORS if (root / ANSWERS / name / "answers.jsonl").exists()]
    if not asked:
        raise DataError("There are no replies to rate yet: run `make repro`, which lets the tutors answer.")
    dialogues, scenarios, moments = read_dialogues(root / TEST), read_scenarios(root / SCENARIOS), read_moments(root / MOMENTS)
    found = {name: read_replied(root / ANSWERS, name, dialogues, scenarios, moments) for name in (*asked, REFERENCE)}
    return sheets({name: [one for one in replies if one.kind != "scenario"] for name, replies in found.items()})


def sheets(replied: Mapping[str, Sequence[Replied]]) -> list[Sheet]:
    """Return one sheet for each student turn; `replied` holds each writer's replies, to the same turns."""
    said: dict[str, dict[str, str]] = {}
    asked: dict[str, Replied] = {}
    for writer, replies in replied.items():
        for one in replies:
            asked.setdefault(one.item, one)
            if one.reply.strip():
                said.setdefault(one.item, {})[writer] = one.reply
    says = bots({}, ())[SAYS]
    return [
        Sheet(item, group_of(item), one.lesson, one.turns, {**said.get(item, {}), BOT: says(_question(one))}) for item, one in asked.items()
    ]


def group_of(item: str) -> str:
    """Return the dialogue or moment of an item: `name#3`, or `name/1#3` for a side of a contrast pair."""
    return item.partition("#")[0].partition("/")[0]


def _question(one: Replied) -> Question:
    return Question(group_of(one.item), len(one.turns) - 1, one.lesson, one.turns, Turn("teacher", ""))
