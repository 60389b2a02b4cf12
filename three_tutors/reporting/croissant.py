"""The data set for machines: Croissant 1.1, JSON-LD that search engines and loaders read.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from three_tutors.tutoring.dialogue import Dialogue, Scenario
from three_tutors.tutoring.splits import Split

CONTEXT: Mapping[str, Any] = json.loads(Path(__file__).with_name("croissant_context.json").read_text(encoding="utf-8"))
"""The JSON-LD context of the specification, word for word; readers warn of any other."""

# No `datePublished`, which the format recommends: the data set has not been released yet, and a report has no clock.
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
VERSION = "0.1.0"
TEXT, INTEGER = ("sc:Text",), ("sc:Integer",)
MANY: dict[str, Any] = {"isArray": True, "arrayShape": "-1"}

Field = tuple[str, tuple[str, ...], str]
"""Name of a key, its data types, and what it means."""

LESSON: Sequence[Field] = (
    ("id", TEXT, "Name of the file without its ending."),
    ("subject", TEXT, "Subject, in lower case."),
    ("grade", INTEGER, "School year 1 to 12; 13 is the first university years."),
    ("topic", TEXT, "What the lesson is about, in a few words."),
    ("objective", TEXT, "What the student can do at the end."),
    ("misconception", TEXT, "The wrong idea or difficulty the student comes with."),
    ("source", TEXT, "The file it was read from, relative to the project."),
)
TURN: Sequence[Field] = (
    ("speaker", TEXT, "student or teacher."),
    ("text", TEXT, "What is said."),
    ("understanding", TEXT, "Of a student turn: correct, partial, wrong, confused or off_topic."),
    ("strategy", TEXT, "Of a teacher turn: the teaching move it makes."),
    ("weight", INTEGER, "Of a teacher turn: 0 keeps it in the conversation but out of what is learned."),
)
SCRIPTED: Sequence[Field] = (
    ("text", TEXT, "What the scripted student says."),
    ("understanding", TEXT, "correct, partial, wrong, confused or off_topic."),
    ("expect.note", TEXT, "What a good tutor does in reply."),
    ("expect.must", TEXT, "Moves that a good reply makes."),
    ("expect.must_not", TEXT, "Moves that a good reply does not make."),
    ("expect.mentions", TEXT, "Beginnings of words of which a good reply contains at least one."),
    ("expect.never_says", TEXT, "What a good reply never contains."),
)
SPLIT: Sequence[Field] = (
    ("id", TEXT, "The dialogue."),
    ("subject", TEXT, "Its subject."),
    ("split", (*TEXT, "cr:Split"), "train, validation or test."),
)


def croissant(
    dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], ledger: Mapping[str, Split], digests: Mapping[str, str]
) -> dict[str, Any]:
    """Return reports/croissant.json; its paths are relative to reports/.

    Args:
        dialogues: every dialogue that went through the gate.
        scenarios: every scripted student.
        ledger: the split of each dialogue.
        digests: SHA-256 of dialogues.jsonl, scenarios.jsonl and splits.csv, by those names.

    """
    subjects = sorted({dialogue.lesson.subject for dialogue in dialogues})
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "three-tutors-dialogues",
        "description": (
            f"{len(dialogues)} one-to-one teaching dialogues in {len(subjects)} subjects, each turn labelled with the "
            f"student's understanding or the teacher's strategy, and {len(scenarios)} scripted students to examine a tutor with."
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
            _file("splits.csv", "../data/raw/splits.csv", "text/csv", digests),
            _files("dialogue-files", "../data/raw/dialogues/*/*.yaml", "The dialogues as they were written, one a file."),
            _files("scenario-files", "../data/raw/scenarios/*.yaml", "The scripted students as they were written, one a file."),
        ],
        "recordSet": [
            _records("dialogues", "dialogues.jsonl", f"{len(dialogues)} dialogues.", LESSON, TURN),
            _records(
                "scenarios", "scenarios.jsonl", f"{len(scenarios)} scenarios.", (*LESSON, ("kind", TEXT, "What it probes.")), SCRIPTED
            ),
            _records("splits", "splits.csv", f"The split of each of {len(ledger)} dialogues.", SPLIT),
        ],
    }


def _file(name: str, url: str, encoding: str, digests: Mapping[str, str]) -> dict[str, Any]:
    return _named("FileObject", name) | {"contentUrl": url, "encodingFormat": encoding, "sha256": digests[name]}


def _files(name: str, includes: str, description: str) -> dict[str, Any]:
    return _named("FileSet", name) | {"description": description, "encodingFormat": "application/yaml", "includes": includes}


def _records(name: str, file: str, description: str, fields: Sequence[Field], turns: Sequence[Field] = ()) -> dict[str, Any]:
    """Return a record set over one file; rows with turns have `answer` and `turns` as lists."""
    described = [_field(f"{name}/{key}", kinds, said, _source(file, key)) for key, kinds, said in fields]
    if turns:
        said = "What must not be given away, in its usual ways of writing; may be empty."
        described.append(_field(f"{name}/answer", TEXT, said, _source(file, "answer")) | MANY)
        inner = [_field(f"{name}/turns/{key}", kinds, said, _source(file, "turns", key)) for key, kinds, said in turns]
        described.append(_named("Field", f"{name}/turns") | {"description": "What is said, in order."} | MANY | {"subField": inner})
    return _named("RecordSet", name) | {"description": description, "key": {"@id": f"{name}/id"}, "field": described}


def _field(path: str, kinds: Sequence[str], description: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return _named("Field", path) | {"description": description, "dataType": list(kinds), "source": source}


def _source(file: str, column: str, key: str = "") -> dict[str, Any]:
    """Return where a value is read: a column of a file or, with `key`, that key of each mapping in the column."""
    found = {"fileObject": {"@id": file}, "extract": {"column": column}}
    return found | {"transform": {"jsonPath": key}} if key else found


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"@type": f"cr:{kind}", "@id": name, "name": name}
