"""The keys of the files of dialogues, scenarios, moments and pairs, made from the declared fields, and their JSON Schemas for editors.

    python -m three_tutors.checking.schema      writes data/raw/{dialogue,scenario,moment,pair}.schema.json

A file differs from the data in two things: a turn's words stand under the name of its speaker, and `opening` says who begins.
A moment stands in its file with its one side's `turns` and `replies`; a pair has `sides`.
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
from three_tutors.tutoring.dialogue import SPEAKERS, Dialogue, Lesson, Origin, Turn
from three_tutors.tutoring.fields import Field, fields
from three_tutors.tutoring.moment import GradedReply, Moment
from three_tutors.tutoring.moment import Side as MomentSide
from three_tutors.tutoring.scenario import Expectation, Scenario, ScriptedTurn

SCHEMAS = Path("data/raw")
FileKind = Literal["dialogue", "scenario", "moment", "pair"]

FEWEST_TURNS = 2
MOST_TURNS = 100
FEWEST_REPLIES = 2
MOST_REPLIES = 20

OPENING = Field("Who speaks first; `student` where it is left out.", name="opening", required=False, missing="student", allowed=SPEAKERS)
DIALOGUE_HEAD = (*fields(Dialogue), *fields(Lesson), *fields(Origin), OPENING)
SCENARIO_HEAD = (*fields(Scenario), *fields(Lesson))
MOMENT_OR_PAIR_HEAD = (*fields(Moment), *fields(Lesson), *fields(Origin))
MOMENT_HEAD = tuple(field for field in MOMENT_OR_PAIR_HEAD if field.name != "pair")
PAIR_HEAD = tuple(field for field in MOMENT_OR_PAIR_HEAD if field.name != "theme")
SIDE = fields(MomentSide)
REPLY = fields(GradedReply)

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
    title = {"dialogue": "A teaching dialogue", "scenario": "A scripted student", "moment": "A graded moment", "pair": "A contrast pair"}
    if kind == "dialogue":
        schema = _object(DIALOGUE_HEAD, turns=_turns("the last one is the teacher's", FEWEST_TURNS))
    elif kind == "scenario":
        turn = _object(SCRIPTED_TURN, expect={"description": "What a good tutor does and does not do in reply.", **_object(EXPECT)})
        turn["description"] = "One scripted student turn with what is expected of the reply to it."
        schema = _object(SCENARIO_HEAD, turns=_list("The student's turns in order; the tutor's replies are live.", turn, 1, MOST_TURNS))
    else:
        asked = {
            "turns": _turns("the last one is the student's, which the replies answer", 1),
            "replies": _list("Replies to the last turn.", _object(REPLY), FEWEST_REPLIES, MOST_REPLIES),
        }
        sides = _list("The two moments, which differ in one thing.", _object(SIDE, **asked), 2, 2)
        schema = _object(MOMENT_HEAD, **asked) if kind == "moment" else _object(PAIR_HEAD, sides=sides)
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title[kind], **schema}


def _turns(end: str, fewest: int) -> dict[str, Any]:
    turn = {
        "description": "One utterance: `student` with `understanding`, or `teacher` with `strategy`.",
        "oneOf": [_object(STUDENT_TURN), _object(TEACHER_TURN)],
    }
    return _list(f"The conversation in order; turns alternate and {end}.", turn, fewest, MOST_TURNS)


def _list(description: str, item: dict[str, Any], fewest: int, most: int) -> dict[str, Any]:
    return {"description": description, "type": "array", "minItems": fewest, "maxItems": most, "items": item}


def _object(fields: tuple[Field, ...], **more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**{field.name: _property(field) for field in fields}, **more},
        "required": [*(field.name for field in fields if field.required), *more],
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
    """Write the schemas."""
    for kind in get_args(FileKind):
        write_text(SCHEMAS / f"{kind}.schema.json", json.dumps(json_schema(kind), indent=2) + "\n")
