"""The fields of a dialogue and of a scenario, once: the JSON Schema for editors and the pandera schema are made from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from three_tutors.tutoring.dialogue import MOVES, SCENARIO_KINDS, SPEAKERS, STRATEGIES, UNDERSTANDINGS

Kind = Literal["text", "whole", "texts"]

FEWEST_TURNS = 2
MOST_TURNS = 100
LONGEST_TEXT = 4000
LONGEST_HEAD = 300


@dataclass(frozen=True)
class Field:
    """One key of a file: its type, its limits, and what to write there."""

    name: str
    kind: Kind
    """`text`, `whole` number, or a list of `texts`."""
    description: str
    required: bool = True
    allowed: tuple[str | int, ...] = ()
    """Closed list of values (for `texts`: of items)."""
    least: int = 1
    """Of a text: characters; of a whole number: value; of a list: items."""
    most: int = LONGEST_HEAD
    pattern: str = ""
    """Regular expression of the whole text (for `texts`: of each item)."""
    wanted: str = ""
    """The pattern in words."""


NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
SUBJECT = r"[a-z]+(?:_[a-z]+)*"

LESSON = (
    Field(
        "subject",
        "text",
        "Subject, which is also the name of the folder.",
        most=40,
        pattern=SUBJECT,
        wanted="lower case, words joined by _",
    ),
    Field("grade", "whole", "School year 1 to 12; 13 is the first university years.", most=13),
    Field("topic", "text", "What the lesson is about, in a few words."),
    Field("objective", "text", "What the student can do at the end, as one sentence."),
    Field("misconception", "text", "The wrong idea or difficulty the student comes with, as one sentence.", required=False),
    Field(
        "answer",
        "texts",
        "What the teacher must not give away, in its usual ways of writing; each in quotes. May be empty.",
        required=False,
        least=0,
        most=20,
    ),
)
ID = Field(
    "id",
    "text",
    "Name of the file without its ending; no other dialogue or scenario has it.",
    most=80,
    pattern=NAME,
    wanted="lower case, words joined by -",
)
OPENING = Field("opening", "text", "Who speaks first; `student` where it is left out.", required=False, allowed=SPEAKERS)
UNDERSTANDING = Field("understanding", "text", "What this student turn shows.", required=False, allowed=UNDERSTANDINGS)

DIALOGUE_HEAD = (ID, *LESSON, OPENING)
SCENARIO_HEAD = (ID, Field("kind", "text", "What this scripted student tries a tutor with.", allowed=SCENARIO_KINDS), *LESSON)

STUDENT_TURN = (Field("student", "text", "What the student says.", most=LONGEST_TEXT), UNDERSTANDING)
TEACHER_TURN = (
    Field("teacher", "text", "What the teacher says: short, built on the student's words, one question at most.", most=LONGEST_TEXT),
    Field("strategy", "text", "The teaching move this turn makes.", required=False, allowed=STRATEGIES),
    Field("weight", "whole", "0 keeps this turn in the conversation but out of what is learned.", required=False, allowed=(0, 1)),
)
SCRIPTED_TURN = (
    Field("student", "text", "What the scripted student says, whatever the tutor replied before.", most=LONGEST_TEXT),
    Field("understanding", "text", "What this student turn shows.", allowed=UNDERSTANDINGS),
)
EXPECT = (
    Field("note", "text", "One sentence for people: what a good tutor does and does not do here.", most=LONGEST_TEXT),
    Field("must", "texts", "Moves a good reply makes.", required=False, allowed=MOVES, least=0, most=len(MOVES)),
    Field("must_not", "texts", "Moves a good reply does not make.", required=False, allowed=MOVES, least=0, most=len(MOVES)),
    Field(
        "mentions",
        "texts",
        "A good reply contains at least one of these beginnings of words; lower case.",
        required=False,
        least=0,
        most=60,
    ),
    Field("never_says", "texts", "Strings a good reply never contains; lower case.", required=False, least=0, most=60),
)


def json_schema(kind: Literal["dialogue", "scenario"]) -> dict[str, Any]:
    """Return the draft-07 JSON Schema of one file, for editors."""
    head = DIALOGUE_HEAD if kind == "dialogue" else SCENARIO_HEAD
    if kind == "dialogue":
        turn: dict[str, Any] = {
            "description": "One utterance: `student` with `understanding`, or `teacher` with `strategy`.",
            "oneOf": [_object(STUDENT_TURN), _object(TEACHER_TURN)],
        }
    else:
        turn = _object(SCRIPTED_TURN)
        turn["description"] = "One scripted student turn with what is expected of the reply to it."
        turn["properties"]["expect"] = {"description": "What a good tutor does and does not do in reply.", **_object(EXPECT)}
        turn["required"].append("expect")
    schema = _object(head)
    fewest = FEWEST_TURNS if kind == "dialogue" else 1
    schema["properties"]["turns"] = {
        "description": "The conversation in order; turns alternate and the last one is the teacher's."
        if kind == "dialogue"
        else "The student's turns in order; the tutor's replies are live.",
        "type": "array",
        "minItems": fewest,
        "maxItems": MOST_TURNS,
        "items": turn,
    }
    schema["required"].append("turns")
    title = "A teaching dialogue" if kind == "dialogue" else "A scripted student"
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **schema}


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"description": field.description}
    if field.kind == "whole":
        limits: dict[str, Any] = {"enum": list(field.allowed)} if field.allowed else {"minimum": field.least, "maximum": field.most}
        return {**described, "type": "integer", **limits}
    if field.kind == "texts":
        item: dict[str, Any] = {"enum": list(field.allowed)} if field.allowed else _text(Field("", "text", "", pattern=field.pattern))
        return {**described, "type": "array", "minItems": field.least, "maxItems": field.most, "items": item}
    return {**described, "type": "string", **({"enum": list(field.allowed)} if field.allowed else _text(field))}


def _text(field: Field) -> dict[str, Any]:
    """Return the limits of a text; one of spaces alone is as good as none."""
    return {
        "type": "string",
        "minLength": field.least,
        "maxLength": field.most,
        "pattern": f"^{field.pattern}$" if field.pattern else r"\S",
    }
