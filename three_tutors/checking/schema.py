"""The keys of a dialogue file and of a scenario file, made from the declared fields, and the JSON Schemas for editors.

    python -m three_tutors.checking.schema      writes data/raw/dialogue.schema.json and scenario.schema.json

A file differs from the data in two things: a turn's words stand under the name of its speaker, and `opening` says who begins.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.checking.schema")

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from three_tutors.pipeline.records import write_text
from three_tutors.tutoring.dialogue import SPEAKERS, Dialogue, Expectation, Lesson, Scenario, ScriptedTurn, Turn
from three_tutors.tutoring.fields import Field, fields

SCHEMAS = Path("data/raw")
FileKind = Literal["dialogue", "scenario"]

FEWEST_TURNS = 2
MOST_TURNS = 100

OPENING = Field("Who speaks first; `student` where it is left out.", name="opening", required=False, missing="student", allowed=SPEAKERS)
DIALOGUE_HEAD = (*fields(Dialogue), *fields(Lesson), OPENING)
SCENARIO_HEAD = (*fields(Scenario), *fields(Lesson))

TEXT, *_LABELS = fields(Turn)
STUDENT_TURN = (
    replace(TEXT, name="student", description="What the student says."),
    *(field for field in _LABELS if field.speaker != "teacher"),
)
TEACHER_TURN = (
    replace(TEXT, name="teacher", description="What the teacher says: short, built on the student's words, one question at most."),
    *(field for field in _LABELS if field.speaker != "student"),
)
SCRIPTED_TURN = (replace(fields(ScriptedTurn)[0], name="student"), *fields(ScriptedTurn)[1:])
EXPECT = fields(Expectation)


def json_schema(kind: FileKind) -> dict[str, Any]:
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
        item: dict[str, Any] = {"enum": list(field.allowed)} if field.allowed else _text(Field("", pattern=field.pattern))
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


def main() -> None:
    """Write both schemas."""
    for kind in get_args(FileKind):
        write_text(SCHEMAS / f"{kind}.schema.json", json.dumps(json_schema(kind), indent=2) + "\n")
