"""The data set for machines: Croissant 1.1, JSON-LD that search engines and loaders read.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from three_tutors.tutoring.dialogue import SPEAKERS, Dialogue, Lesson, Origin, Turn
from three_tutors.tutoring.fields import Field, fields
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Expectation, Scenario, ScriptedTurn
from three_tutors.tutoring.splits import SPLITS, Split

CONTEXT: Mapping[str, Any] = json.loads(Path(__file__).with_name("croissant_context.json").read_text(encoding="utf-8"))
"""The JSON-LD context of the specification, word for word; readers warn of any other."""

# No `datePublished`, which the format recommends: the data set has not been released yet, and a report has no clock.
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
VERSION = "0.1.0"
MANY: dict[str, Any] = {"isArray": True, "arrayShape": "-1"}

SOURCE = Field("The file it was read from, relative to the project.", name="source")
DIALOGUE = (*fields(Dialogue), *fields(Lesson), *fields(Origin), SOURCE)
TURN = (Field("Who speaks.", name="speaker", allowed=SPEAKERS), *fields(Turn))
MOMENT = (*fields(Moment), *fields(Lesson), SOURCE)
SCENARIO = (*fields(Scenario), *fields(Lesson), SOURCE)
SCRIPTED = (*fields(ScriptedTurn), *(replace(field, name=f"expect.{field.name}") for field in fields(Expectation)))
SPLIT = (
    Field("The dialogue.", name="id"),
    Field("Its subject.", name="subject"),
    Field("The split that it was dealt to.", name="split", allowed=SPLITS),
)


def croissant(
    dialogues: Sequence[Dialogue],
    scenarios: Sequence[Scenario],
    moments: Sequence[Moment],
    ledger: Mapping[str, Split],
    digests: Mapping[str, str],
) -> dict[str, Any]:
    """Return reports/croissant.json; its paths are relative to reports/.

    Args:
        dialogues: every dialogue that went through the gate.
        scenarios: every scripted student.
        moments: every moment and contrast pair; only their heads are described, for the format nests no deeper than one list.
        ledger: the split of each dialogue.
        digests: SHA-256 of dialogues.jsonl, scenarios.jsonl, moments.jsonl and splits.csv, by those names.

    """
    subjects = sorted({dialogue.lesson.subject for dialogue in dialogues})
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    labelled = sum(bool(turn.strategy or turn.understanding) for turn in turns)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "three-tutors-dialogues",
        "description": (
            f"{len(dialogues)} one-to-one teaching dialogues in {len(subjects)} subjects, {labelled} of {len(turns)} turns labelled with "
            f"the student's understanding or the teacher's strategy, {len(scenarios)} scripted students to examine a tutor with, and "
            f"{len(moments)} moments with {sum(len(one.replies) for one in moments)} graded replies."
        ),
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "license": LICENCE,
        "version": VERSION,
        "inLanguage": "en",
        "isLiveDataset": False,
        "creator": {"@type": "sc:Organization", "name": "Three Tutors"},
        "citeAs": f"@misc{{three_tutors, title = {{Three Tutors teaching dialogues}}, author = {{Three Tutors}}, version = {{{VERSION}}}}}",
        "keywords": ["education", "tutoring", "dialogue", "misconceptions", *subjects],
        "distribution": [
            _file("dialogues.jsonl", "../data/processed/dialogues.jsonl", "application/jsonlines", digests),
            _file("scenarios.jsonl", "../data/processed/scenarios.jsonl", "application/jsonlines", digests),
            _file("moments.jsonl", "../data/processed/moments.jsonl", "application/jsonlines", digests),
            _file("splits.csv", "../data/raw/splits.csv", "text/csv", digests),
            _files("dialogue-files", "../data/raw/dialogues/*/*.yaml", "The dialogues as they were written, one a file."),
            _files("scenario-files", "../data/raw/scenarios/*.yaml", "The scripted students as they were written, one a file."),
            _files("moment-files", "../data/raw/moments/*.yaml", "The moments and contrast pairs with their graded replies, one a file."),
        ],
        "recordSet": [
            _records("dialogues", "dialogues.jsonl", f"{len(dialogues)} dialogues.", DIALOGUE, TURN),
            _records("scenarios", "scenarios.jsonl", f"{len(scenarios)} scenarios.", SCENARIO, SCRIPTED),
            _records("moments", "moments.jsonl", f"The heads of {len(moments)} moments and contrast pairs.", MOMENT),
            _records("splits", "splits.csv", f"The split of each of {len(ledger)} dialogues.", SPLIT),
        ],
    }


def _file(name: str, url: str, encoding: str, digests: Mapping[str, str]) -> dict[str, Any]:
    return _named("FileObject", name) | {"contentUrl": url, "encodingFormat": encoding, "sha256": digests[name]}


def _files(name: str, includes: str, description: str) -> dict[str, Any]:
    return _named("FileSet", name) | {"description": description, "encodingFormat": "application/yaml", "includes": includes}


def _records(name: str, file: str, description: str, held: Sequence[Field], turns: Sequence[Field] = ()) -> dict[str, Any]:
    """Return a record set over one file, whose rows may have turns."""
    described = [
        _field(f"{name}/{field.name}", field, _source(file, field.name)) | (MANY if field.kind == "texts" else {}) for field in held
    ]
    if turns:
        inner = [_field(f"{name}/turns/{field.name}", field, _source(file, "turns", field.name)) for field in turns]
        described.append(_named("Field", f"{name}/turns") | {"description": "What is said, in order."} | MANY | {"subField": inner})
    return _named("RecordSet", name) | {"description": description, "key": {"@id": f"{name}/id"}, "field": described}


def _field(path: str, field: Field, source: Mapping[str, Any]) -> dict[str, Any]:
    kinds = ["sc:Integer" if field.kind == "whole" else "sc:Text", *(["cr:Split"] if field.allowed == SPLITS else [])]
    whose = f"Of a {field.speaker} turn: " if field.speaker else ""
    closed = f" One of {', '.join(map(str, field.allowed))}." if field.allowed else ""
    return _named("Field", path) | {"description": f"{whose}{field.description}{closed}", "dataType": kinds, "source": source}


def _source(file: str, column: str, key: str = "") -> dict[str, Any]:
    """Return where a value is read: a column of a file or, with `key`, that key of each mapping in the column."""
    found = {"fileObject": {"@id": file}, "extract": {"column": column}}
    return found | {"transform": {"jsonPath": key}} if key else found


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"@type": f"cr:{kind}", "@id": name, "name": name}
